/** `pg`'s pool as Kysely drives it: errors in the store's words, and no broken connection used again. */
import { type FogError, isFogError } from '@fog/kernel';
import type { PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import pg from 'pg';
import { storable } from '../storable.ts';
import { connectError, statementError } from './postgres-errors.ts';
import type { PostgresTarget } from './postgres-url.ts';

export interface PoolLimits {
  readonly connections: number;
  /** Of one statement at the server. */
  readonly statementMs: number;
}

/** To connect, and to wait for a free connection. */
const CONNECT_MS = 5000;
/** Above the server's own limit: only a server that does not answer at all reaches it. */
const ANSWER_MARGIN_MS = 5000;
/** A process that sleeps in a transaction holds its locks no longer than a lease of leadership lasts. */
const IDLE_IN_TRANSACTION_MS = 5000;
/** Connections that nobody needs any more are given back. */
const IDLE_MS = 30_000;

export function guardedPool(target: PostgresTarget, limits: PoolLimits): PostgresPool {
  const pool = new pg.Pool({
    connectionString: target.connectionString,
    application_name: 'fog',
    max: limits.connections,
    connectionTimeoutMillis: CONNECT_MS,
    idleTimeoutMillis: IDLE_MS,
    statement_timeout: limits.statementMs,
    lock_timeout: limits.statementMs,
    query_timeout: limits.statementMs + ANSWER_MARGIN_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    keepAlive: true,
    types: { getTypeParser },
  });
  // An idle connection that breaks is dropped by the pool; the next use tells whether the server is there.
  pool.on('error', () => {});
  return {
    options: {},
    end: () => pool.end(),
    connect: async () => {
      try {
        return guardedClient(await pool.connect(), target);
      } catch (error) {
        throw connectError(target, error);
      }
    },
  };
}

function guardedClient(client: pg.PoolClient, target: PostgresTarget): PostgresPoolClient {
  let broken: FogError | undefined;
  const explain = (error: unknown): unknown => {
    const explained = statementError(target, error);
    if (isFogError(explained, 'STORE_UNREACHABLE')) broken ??= explained;
    return broken ?? explained;
  };
  client.on('error', explain);
  const query = async (text: string, parameters: readonly unknown[]): Promise<unknown> => {
    if (broken !== undefined) throw broken;
    try {
      return await client.query(text, parameters.map(storable));
    } catch (error) {
      throw explain(error);
    }
  };
  return {
    query: query as <R>(
      text: string,
      values: readonly unknown[],
    ) => Promise<PostgresQueryResult<R>>,
    release: (destroy) => {
      client.off('error', explain);
      client.release(destroy === true || broken !== undefined);
    },
  } as PostgresPoolClient;
}

/** 64-bit integers and exact sums as numbers; all of ours are below 2^53. */
const NUMBERS: readonly number[] = [pg.types.builtins.INT8, pg.types.builtins.NUMERIC];

function getTypeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
  if (NUMBERS.includes(oid)) return Number;
  return pg.types.getTypeParser(oid, format) as (value: string) => unknown;
}
