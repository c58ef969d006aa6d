import type { Health } from '@fog/kernel';
import type { Kysely, Transaction } from 'kysely';
import type { InsertRows } from './rows-insert.ts';
import type { Database } from './schema.ts';

export type WriteWork<T> = (trx: Transaction<Database>) => Promise<T>;

export interface Store {
  readonly kind: 'sqlite' | 'postgres';
  /** Where it is, for a person; without any secret. */
  readonly place: string;
  /** For reads. Writes go through `write`. */
  readonly db: Kysely<Database>;
  /**
   * Group commit: the works of one event-loop turn share one durable transaction; resolves after its
   * commit. A work may run twice (alone, when another of its group failed), so it only touches the database.
   * STORE_COMMIT_UNKNOWN: it may or may not be stored; what is in memory must be read again.
   * After STORE_UNREACHABLE, STORE_BUSY and STORE_DISK_FULL nothing of it is stored.
   */
  write<T>(work: WriteWork<T>): Promise<T>;
  /** Within a `write`: the quick way to store many rows of one table. */
  readonly insertRows: InsertRows;
  /** Asks the database; never throws. */
  health(signal: AbortSignal): Promise<Health>;
  close(): Promise<void>;
}

export interface SqliteOptions {
  /** Data directory; the database is `fog.db` in it. One process at a time. */
  readonly dir: string;
}

export interface PostgresOptions {
  /** `postgres://user@host:port/database?sslmode=…`; a password in it, in PGPASSWORD or in the file of PGPASSFILE. */
  readonly url: string;
}

export type StoreOptions = SqliteOptions | PostgresOptions;

/**
 * Opens the database (makes a SQLite one) and brings its tables up to date. Throws STORE_LOCKED,
 * STORE_URL, STORE_OPEN, STORE_NEWER, STORE_DISK_FULL, STORE_UNREACHABLE, STORE_BUSY.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  // Loaded on demand: a fog on one of them pays nothing for the other.
  if ('url' in options) return (await import('./postgres/open-postgres.ts')).openPostgres(options);
  return (await import('./sqlite/open-sqlite.ts')).openSqlite(options);
}
