import { createHash, timingSafeEqual, type Hash } from 'node:crypto';
import { utf8 } from '@fog/kernel';

/** SHA-256 in lower-case hex: the content id of bytes. */
export function sha256Hex(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Incremental SHA-256 for streams. */
export function createSha256(): Hash {
  return createHash('sha256');
}

/** What is stored of a bearer secret. Plain SHA-256 is enough: our secrets are 160 random bits. */
export function secretHash(secret: string): string {
  return sha256Hex(utf8(secret));
}

/** Constant-time comparison of two hex hashes. */
export function sameHash(a: string, b: string): boolean {
  const left = utf8(a);
  const right = utf8(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
