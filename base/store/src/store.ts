import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { errorMessage } from '@fog/kernel';
import { Kysely, SqliteDialect, type Transaction } from 'kysely';
import { Migrator } from 'kysely/migration';
import { fail } from './errors.ts';
import { createGroupCommit } from './group-commit.ts';
import { MIGRATIONS } from './migrations/index.ts';
import type { Database } from './schema.ts';
import { kyselyDatabase } from './sqlite-database.ts';

export type WriteWork<T> = (trx: Transaction<Database>) => Promise<T>;

export interface Store {
  /** For reads. Writes go through `write`. */
  readonly db: Kysely<Database>;
  /**
   * Group commit: the works of one event-loop turn share one durable transaction; resolves after its
   * commit. A work may run twice (alone, when another of its group failed), so it only touches the database.
   */
  write<T>(work: WriteWork<T>): Promise<T>;
  close(): Promise<void>;
}

export interface StoreOptions {
  /** Data directory; the database is `fog.db` in it. One process at a time. */
  readonly dir: string;
}

const SQLITE_BUSY = 5;
/** WAL pages before a checkpoint: bounds the log at about 16 MiB. */
const WAL_CHECKPOINT_PAGES = 4000;
/** Page cache in KiB; the working set is the open jobs. */
const CACHE_KIB = 8192;

/** Opens (or makes) the database and brings its tables up to date. Throws STORE_LOCKED, STORE_NEWER, STORE_OPEN. */
export async function openStore(options: StoreOptions): Promise<Store> {
  await mkdir(options.dir, { recursive: true, mode: 0o700 });
  const file = path.join(options.dir, 'fog.db');
  const database = openDatabase(file);
  const db = new Kysely<Database>({
    dialect: new SqliteDialect({ database: kyselyDatabase(database) }),
  });
  try {
    await migrate(db, file);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  const commits = createGroupCommit(db);
  return {
    db,
    write: (work) => commits.write(work),
    close: async () => {
      await commits.close();
      await db.destroy();
    },
  };
}

function openDatabase(file: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file);
    database.exec(
      [
        'pragma locking_mode = exclusive',
        'pragma journal_mode = wal',
        'pragma synchronous = full',
        'pragma foreign_keys = on',
        `pragma wal_autocheckpoint = ${WAL_CHECKPOINT_PAGES}`,
        `pragma cache_size = -${CACHE_KIB}`,
        'begin immediate',
        'commit',
      ].join(';'),
    );
    return database;
  } catch (error) {
    database?.close();
    throw openError(file, error);
  }
}

function openError(file: string, error: unknown): Error {
  const code = (error as { errcode?: number }).errcode;
  if (code !== undefined && (code & 0xff) === SQLITE_BUSY) {
    return fail('STORE_LOCKED', {
      message: `Another fog is running on ${path.dirname(file)}. Stop it, or give this one a directory of its own with --data-dir.`,
      details: { file },
      cause: error,
    });
  }
  return fail('STORE_OPEN', {
    message: `The database ${file} cannot be opened: ${errorMessage(error)}. Check its permissions and the free disk space, or restore it from a backup.`,
    details: { file },
    cause: error,
  });
}

async function migrate(db: Kysely<Database>, file: string): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => ({ ...MIGRATIONS }) },
  });
  const applied = await appliedMigrations(db);
  const unknown = applied.filter((name) => !(name in MIGRATIONS));
  if (unknown.length > 0) {
    throw fail('STORE_NEWER', {
      message: `The database ${file} was written by a newer fog (it knows ${unknown.join(', ')}). Update this program, or use another --data-dir.`,
      details: { unknown },
    });
  }
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw openError(file, error);
}

async function appliedMigrations(db: Kysely<Database>): Promise<string[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some((table) => table.name === 'kysely_migration')) return [];
  const rows = await (db as unknown as Kysely<{ kysely_migration: { name: string } }>)
    .selectFrom('kysely_migration')
    .select('name')
    .execute();
  return rows.map((row) => row.name);
}
