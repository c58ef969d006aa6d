/**
 * Who is behind an Authorization header. Wrong tokens are counted by where they come from, by all
 * coordinators together: whoever tries many is refused before anything is looked up. A token that was right
 * before passes all the same, or one machine behind a shared address could lock the others out.
 */
import type { Live } from '@fog/live';
import { fail } from '../errors.ts';
import type { Caller, Credentials } from './credentials.ts';
import { FAILED_LOGIN_WINDOW_MS, MAX_FAILED_LOGINS } from './limits.ts';

/** Throws SERVER_UNAUTHORISED, SERVER_TOO_MANY_FAILURES. `remote`: the address of the peer. */
export type Authenticate = (
  authorization: string | undefined,
  remote: string | undefined,
) => Promise<Caller>;

export function createAuthenticate(
  credentials: Pick<Credentials, 'authenticate' | 'known'>,
  live: Pick<Live, 'count' | 'read'>,
): Authenticate {
  return async (authorization, remote = '') => {
    const token = bearerToken(authorization);
    if (token === undefined) throw fail('SERVER_UNAUTHORISED');
    const known = credentials.known(token);
    if (known !== undefined) return known;
    const key = `failed-logins:${networkOf(remote)}`;
    const before = await live.read(key);
    if (before.count >= MAX_FAILED_LOGINS) throw tooMany(before.leftMs);
    const caller = await credentials.authenticate(token);
    if (caller !== undefined) return caller;
    await live.count(key, FAILED_LOGIN_WINDOW_MS);
    throw fail('SERVER_UNAUTHORISED');
  };
}

export function bearerToken(authorization: string | undefined): string | undefined {
  return authorization?.startsWith('Bearer ') === true ? authorization.slice(7) : undefined;
}

function tooMany(leftMs: number): Error {
  const seconds = Math.max(1, Math.ceil(leftMs / 1000));
  return fail('SERVER_TOO_MANY_FAILURES', {
    message: `Too many wrong tokens came from this address: ${MAX_FAILED_LOGINS} a minute are taken. Try again in ${seconds} s with the right one.`,
    details: { retryAfterSeconds: seconds },
  });
}

const IPV6_GROUPS = 8;
/** The rest of an IPv6 address is free to whoever has one: a machine has 2^64 of them. */
const NETWORK_GROUPS = 4;

/** The IPv4 address, or the network of an IPv6 address. */
export function networkOf(remote: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(remote)?.[1];
  if (mapped !== undefined || !remote.includes(':')) return mapped ?? remote;
  const [head = '', tail] = remote.toLowerCase().replace(/%.*$/, '').split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Math.max(0, IPV6_GROUPS - left.length - right.length);
  const groups = [...left, ...Array<string>(zeros).fill('0'), ...right];
  return groups.slice(0, NETWORK_GROUPS).join(':');
}
