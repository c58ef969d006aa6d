/** What went wrong with PostgreSQL, in the store's words. */
import { errorMessage } from '@fog/kernel';
import pg from 'pg';
import { fail } from '../errors.ts';
import type { PostgresTarget } from './postgres-url.ts';

/** SQLSTATEs after which the session is gone, or the server takes none. */
const GONE = ['57P01', '57P02', '57P03', '57P05', '25P03', '25P04', '25006', '53300'];
/** Statement or lock timeout, deadlock, serialization: the same call may succeed later. */
const BUSY = ['57014', '55P03', '40P01', '40001'];
const DISK_FULL = '53100';
const TLS = /SSL|TLS|certificate/i;

/** An error of a statement: the store's own when it is not the statement's fault. */
export function statementError(target: PostgresTarget, error: unknown): unknown {
  const code = sqlState(error);
  if (code === undefined || code.startsWith('08') || GONE.includes(code)) {
    return unreachable(target, error);
  }
  if (BUSY.includes(code)) {
    return fail('STORE_BUSY', {
      message: `The database is too busy (${target.place}): ${errorMessage(error)}. Try again in a moment; if it stays, look at the load of its server.`,
      cause: error,
    });
  }
  if (code === DISK_FULL) {
    return fail('STORE_DISK_FULL', {
      message: `The disk of the database is full (${target.place}). Make room on its server.`,
      cause: error,
    });
  }
  return error;
}

/** An error of connecting: nobody there, or somebody who refuses. */
export function connectError(target: PostgresTarget, error: unknown): Error {
  const code = sqlState(error);
  const text = errorMessage(error);
  const remedy = refusal(target, code, text);
  if (remedy === undefined) return unreachable(target, error);
  return fail('STORE_OPEN', {
    message: `The database cannot be opened (${target.place}): ${text}. ${remedy}`,
    cause: error,
  });
}

/** An error of bringing the tables up to date. */
export function migrationError(target: PostgresTarget, error: unknown): Error {
  const remedy =
    sqlState(error) === '42501'
      ? `Let "${target.user}" create tables: it should own the database "${target.database}".`
      : 'Look at the log of its server, or restore the database from a backup.';
  return fail('STORE_OPEN', {
    message: `The tables of the database cannot be brought up to date (${target.place}): ${errorMessage(error)}. ${remedy}`,
    cause: error,
  });
}

function refusal(
  { user, database }: PostgresTarget,
  code: string | undefined,
  text: string,
): string | undefined {
  if (code === '3D000') return `Make it first: createdb --owner "${user}" "${database}".`;
  if (code?.startsWith('28') === true || /SASL|password/i.test(text)) {
    return `Check the user "${user}" and its password, which comes from FOG_STORE, PGPASSWORD or the file of PGPASSFILE.`;
  }
  if (code === undefined && TLS.test(text)) {
    return 'Check sslmode and sslrootcert in the address of the store.';
  }
  return undefined;
}

function unreachable(target: PostgresTarget, cause: unknown): Error {
  return fail('STORE_UNREACHABLE', {
    message: `The database cannot be reached (${target.place}): ${reason(cause)}. Start its server, or correct the address of the store.`,
    details: { place: target.place },
    cause,
  });
}

/** A host of several addresses fails with an error for each and no text of its own. */
function reason(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(errorMessage).join('; ');
  return errorMessage(error);
}

function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined;
}
