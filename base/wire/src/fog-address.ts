/**
 * How a fog is named: `http://127.0.0.1:7700` on its own machine, else `https://ID@HOST:PORT`, where ID is the
 * id of the fog's key; without ID the certificate must be of a known authority. Several addresses of one fog
 * stand behind each other, parted by commas; scheme and ID of the first hold for all.
 */
import { NodeId } from './ids.ts';
import { MAX_ADDRESSES } from './limits.ts';

export interface FogAddress {
  /** Undefined: not named. */
  readonly fogId: string | undefined;
  /** At least one; without user part and path. */
  readonly urls: readonly URL[];
}

export type ReadAddress =
  | { readonly address: FogAddress; readonly problem?: undefined }
  | { readonly address?: undefined; readonly problem: string };

const SCHEME = /^https?:\/\//;

/** `problem` is a whole sentence with its remedy. */
export function readFogAddress(text: string): ReadAddress {
  const parts = text.split(',');
  if (parts.length > MAX_ADDRESSES) {
    return { problem: `A fog has at most ${MAX_ADDRESSES} addresses, these are ${parts.length}.` };
  }
  const [scheme = ''] = SCHEME.exec(text) ?? [];
  const urls: URL[] = [];
  for (const part of parts) {
    const url = readPart(part, scheme);
    if (typeof url === 'string') return { problem: url };
    urls.push(url);
  }
  const named = new Set(urls.map(({ username }) => username).filter((name) => name !== ''));
  if (named.size > 1) {
    return { problem: `"${text}" names two fogs. Addresses behind each other are of one fog.` };
  }
  for (const url of urls) url.username = '';
  return { address: { fogId: [...named][0], urls } };
}

/** The address, or what is wrong with it. */
function readPart(part: string, scheme: string): URL | string {
  const url = URL.parse(SCHEME.test(part) ? part : scheme + part);
  if (scheme === '' || url === null || !isBare(url)) return notAnAddress(part);
  if (url.protocol === 'http:' && !isLoopback(url)) return notInTheClear(url);
  if (url.username === '' || NodeId.safeParse(url.username).success) return url;
  return `"${url.username}" in "${part}" is not the id of a fog, which has 26 letters and digits. Copy the whole address.`;
}

export function formatFogAddress({ fogId, urls }: FogAddress): string {
  return urls
    .map((url, index) => {
      const user = fogId === undefined ? '' : `${fogId}@`;
      return index === 0 ? `${url.protocol}//${user}${url.host}` : url.host;
    })
    .join(',');
}

function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function isBare(url: URL): boolean {
  const { protocol, hostname, password, pathname, search, hash } = url;
  if (protocol !== 'http:' && protocol !== 'https:') return false;
  return hostname !== '' && password + search + hash === '' && pathname === '/';
}

function notAnAddress(part: string): string {
  return `"${part}" is not the address of a fog. Write it like http://127.0.0.1:7700 or https://ID@HOST:PORT, as "fog up" prints it.`;
}

function notInTheClear(url: URL): string {
  return `"${url.origin}" would be reached without TLS. http:// is for this machine alone: start the fog with "fog up --listen HOST:PORT" and use the https:// address it prints.`;
}
