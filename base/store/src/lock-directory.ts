/**
 * An exclusive lock on a directory that the operating system releases when the process dies, however
 * it dies. It is SQLite's own file lock on `<dir>/lock`, so no stale pid file can ever block a start.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fail } from './errors.ts';

export interface DirectoryLock extends Disposable {
  readonly dir: string;
}

/** Makes the directory (0700) when missing. Throws STORE_LOCKED. */
export function lockDirectory(dir: string): DirectoryLock {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(path.join(dir, 'lock'));
  try {
    database.exec('pragma locking_mode = exclusive; begin exclusive; commit');
  } catch (error) {
    database.close();
    throw fail('STORE_LOCKED', {
      message: `Another process uses ${dir}.`,
      details: { dir },
      cause: error,
    });
  }
  return {
    dir,
    [Symbol.dispose]: () => {
      if (database.isOpen) database.close();
    },
  };
}
