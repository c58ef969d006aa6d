/** A store over any of the two dialects; what differs between them is in their folders. */
import { errorMessage, FogError, type Health } from '@fog/kernel';
import {
  type Dialect,
  HandleEmptyInListsPlugin,
  Kysely,
  replaceWithNoncontingentExpression,
  sql,
} from 'kysely';
import { createGroupCommit } from './group-commit.ts';
import { migrate } from './migrate.ts';
import type { Database } from './schema.ts';
import type { Store } from './store.ts';

export interface StoreParts extends Pick<Store, 'kind' | 'place' | 'insertRows'> {
  readonly dialect: Dialect;
  /** Migrations may take longer than statements may; without it they run over `dialect`. */
  readonly migrationDialect?: Dialect;
  /** What to throw when the tables cannot be brought up to date. */
  openError(error: unknown): Error;
}

/** A database that is slower than this to `select 1` is as good as down. */
const HEALTH_MS = 5000;

export async function createStore(parts: StoreParts): Promise<Store> {
  const { kind, place, insertRows, dialect, migrationDialect } = parts;
  const db = kysely(dialect);
  const migrated = migrationDialect === undefined ? db : kysely(migrationDialect);
  try {
    await migrate(migrated, place);
  } catch (error) {
    await db.destroy();
    throw error instanceof FogError ? error : parts.openError(error);
  } finally {
    if (migrated !== db) await migrated.destroy();
  }
  const commits = createGroupCommit(db);
  return {
    kind,
    place,
    db,
    write: (work) => commits.write(work),
    insertRows,
    health: (signal) => probe(db, place, signal),
    close: async () => {
      await commits.close();
      await db.destroy();
    },
  };
}

function kysely(dialect: Dialect): Kysely<Database> {
  // `in ()` is SQLite's alone.
  const strategy = replaceWithNoncontingentExpression;
  return new Kysely<Database>({ dialect, plugins: [new HandleEmptyInListsPlugin({ strategy })] });
}

async function probe(db: Kysely<Database>, place: string, signal: AbortSignal): Promise<Health> {
  const over = AbortSignal.any([signal, AbortSignal.timeout(HEALTH_MS)]);
  const late = new Promise<Health>((resolve) => {
    over.addEventListener('abort', () =>
      resolve({ state: 'unhealthy', detail: `The database (${place}) does not answer.` }),
    );
  });
  const asked = sql`select 1`.execute(db).then(
    (): Health => ({ state: 'healthy' }),
    (error: unknown): Health => ({ state: 'unhealthy', detail: errorMessage(error) }),
  );
  return Promise.race([asked, late]);
}
