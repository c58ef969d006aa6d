import { errorMessage } from '@fog/kernel';
import pg from 'pg';
import { fail } from '../errors.ts';

export interface PostgresTarget {
  readonly connectionString: string;
  readonly user: string;
  readonly database: string;
  /** `PostgreSQL at HOST:PORT, database "NAME"`. */
  readonly place: string;
}

/** Modes that the driver takes for `verify-full` but warns of at each start. */
const STRICT_MODES = ['prefer', 'require', 'verify-ca'];
const MODES = ['disable', 'no-verify', ...STRICT_MODES, 'verify-full'];

/** Throws STORE_URL, whose text never repeats the URL: it may hold a password. */
export function parsePostgresUrl(text: string): PostgresTarget {
  const url = URL.parse(text);
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol)) {
    throw badUrl('it is not of the form postgres://USER@HOST:PORT/DATABASE');
  }
  if (url.pathname.length < 2) throw badUrl('it names no database after the host');
  const mode = url.searchParams.get('sslmode') ?? 'disable';
  if (!MODES.includes(mode)) throw badUrl(`its sslmode must be one of ${MODES.join(', ')}`);
  if (STRICT_MODES.includes(mode)) {
    url.searchParams.set('sslmode', 'verify-full');
  }
  try {
    const connectionString = url.toString();
    const { host, port, user = '', database = '' } = new pg.Client({ connectionString });
    const place = `PostgreSQL at ${host}:${port}, database "${database}"`;
    return { connectionString, user, database, place };
  } catch (error) {
    throw badUrl(errorMessage(error), error);
  }
}

function badUrl(why: string, cause?: unknown): Error {
  return fail('STORE_URL', {
    message: `The address of the store cannot be used: ${why}. Give one like postgres://fog@db.example.org:5432/fog?sslmode=verify-full.`,
    cause,
  });
}
