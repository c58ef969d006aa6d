import { fail } from '../errors.ts';

export interface RedisTarget {
  readonly url: string;
  /** `Redis at HOST:PORT`. */
  readonly place: string;
}

const DEFAULT_PORT = '6379';

/** Throws LIVE_URL, whose text never repeats the URL: it may hold a password. */
export function readRedisUrl(text: string): RedisTarget {
  const url = URL.parse(text);
  if (url === null || !/^rediss?:$/.test(url.protocol)) {
    throw badUrl('it is not of the form redis://HOST:PORT');
  }
  if (url.hostname === '') throw badUrl('it names no host');
  if (!/^\/?\d*$/.test(url.pathname)) {
    throw badUrl('after the host there may be the number of a database, and nothing else');
  }
  if (url.search + url.hash !== '') throw badUrl('it has parameters, and there are none to give');
  return { url: text, place: `Redis at ${url.hostname}:${url.port || DEFAULT_PORT}` };
}

function badUrl(why: string): Error {
  return fail('LIVE_URL', {
    message: `The address of the live layer cannot be used: ${why}. Give one like redis://cache.example.org:6379, or rediss:// with TLS.`,
  });
}
