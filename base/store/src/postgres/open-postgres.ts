import { type Dialect, PostgresDialect } from 'kysely';
import { createStore } from '../kysely-store.ts';
import type { PostgresOptions, Store } from '../store.ts';
import { insertManyRows } from './insert-rows.ts';
import { guardedPool, type PoolLimits } from './guarded-pool.ts';
import { migrationError } from './postgres-errors.ts';
import { parsePostgresUrl } from './postgres-url.ts';

/** Commits use one connection at a time, the lease one; the rest is for reads. */
const STORE: PoolLimits = { connections: 10, statementMs: 15_000 };
/** The lock and the work need one; a large table may take minutes. */
const MIGRATION: PoolLimits = { connections: 2, statementMs: 600_000 };

export async function openPostgres(options: PostgresOptions): Promise<Store> {
  const target = parsePostgresUrl(options.url);
  const dialect = (limits: PoolLimits): Dialect =>
    new PostgresDialect({ pool: guardedPool(target, limits) });
  return createStore({
    kind: 'postgres',
    place: target.place,
    insertRows: insertManyRows,
    dialect: dialect(STORE),
    migrationDialect: dialect(MIGRATION),
    openError: (error) => migrationError(target, error),
  });
}
