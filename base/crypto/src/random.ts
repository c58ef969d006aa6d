import { randomBytes } from 'node:crypto';
import { base32nopad } from '@scure/base';

/** Lower-case base32 text of `sizeBytes` random bytes. */
export function randomText(sizeBytes: number): string {
  return base32nopad.encode(randomBytes(sizeBytes)).toLowerCase();
}

/** A bearer secret of 160 random bits behind a prefix that tells its kind. */
export function randomSecret(prefix: string): string {
  return `${prefix}${randomText(20)}`;
}

/** `count` random characters of lower-case base32, 5 bits each. */
export function randomLabel(count: number): string {
  return randomText(Math.ceil((count * 5) / 8)).slice(0, count);
}
