import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { errorMessage } from '@fog/kernel';
import { SqliteDialect } from 'kysely';
import { fail } from '../errors.ts';
import { createStore } from '../kysely-store.ts';
import type { SqliteOptions, Store } from '../store.ts';
import { insertRowByRow } from './insert-rows.ts';
import { kyselyDatabase } from './sqlite-database.ts';

const SQLITE_BUSY = 5;
const SQLITE_FULL = 13;
/** WAL pages before a checkpoint: bounds the log at about 16 MiB. */
const WAL_CHECKPOINT_PAGES = 4000;
/** Page cache in KiB; the working set is the open jobs. */
const CACHE_KIB = 8192;

export async function openSqlite({ dir }: SqliteOptions): Promise<Store> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const file = path.join(dir, 'fog.db');
  const database = openDatabase(file);
  const explain = (error: unknown): unknown =>
    resultCode(error) === SQLITE_FULL ? diskFull(file, error) : error;
  const connection = kyselyDatabase(database, explain);
  const dialect = new SqliteDialect({ database: connection });
  return createStore({
    kind: 'sqlite',
    place: file,
    insertRows: insertRowByRow(connection),
    dialect,
    openError: (error) => openError(file, error),
  });
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
  const code = resultCode(error);
  if (code === SQLITE_BUSY) {
    return fail('STORE_LOCKED', {
      message: `Another fog is running on ${path.dirname(file)}. Stop it, or give this one a directory of its own with --data-dir.`,
      details: { file },
      cause: error,
    });
  }
  if (code === SQLITE_FULL) return diskFull(file, error);
  return fail('STORE_OPEN', {
    message: `The database ${file} cannot be opened: ${errorMessage(error)}. Check its permissions and the free disk space, or restore it from a backup.`,
    details: { file },
    cause: error,
  });
}

function diskFull(file: string, cause: unknown): Error {
  const dir = path.dirname(file);
  return fail('STORE_DISK_FULL', {
    message: `The disk of ${dir} is full: nothing can be stored. Make room there, or move the data directory to a larger disk.`,
    details: { dir },
    cause,
  });
}

/** SQLite's primary result code. */
function resultCode(error: unknown): number | undefined {
  const code = (error as { errcode?: number }).errcode;
  return code === undefined ? undefined : code & 0xff;
}
