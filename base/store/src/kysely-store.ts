/** A store over any of the two dialects; what differs between them is in their folders. */
import { FogError } from '@fog/kernel';
import {
  type Dialect,
  HandleEmptyInListsPlugin,
  Kysely,
  replaceWithNoncontingentExpression,
  sql,
} from 'kysely';
import { createGroupCommit } from './group-commit.ts';
import { migrate } from './migrate.ts';
import { probe } from './probe.ts';
import type { Database } from './schema.ts';
import type { Store } from './store.ts';

export interface StoreParts extends Pick<Store, 'kind' | 'place' | 'insertRows'> {
  readonly dialect: Dialect;
  /** Migrations may take longer than statements may; without it they run over `dialect`. */
  readonly migrationDialect?: Dialect;
  /** What to throw when the tables cannot be brought up to date. */
  openError(error: unknown): Error;
}

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
    health: (signal) => {
      const silence = `The database (${place}) does not answer.`;
      return probe(() => sql`select 1`.execute(db), { bad: 'unhealthy', silence }, signal);
    },
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
