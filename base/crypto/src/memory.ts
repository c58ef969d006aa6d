import { sodium } from './sodium.ts';
import { requireSize } from './size.ts';

/** Fills the buffer with bytes of the operating system's generator. */
export type RandomFill = (bytes: Uint8Array) => void;

export const randomFill: RandomFill = (bytes) => {
  sodium.randombytes_buf(bytes);
};

/** Compares without telling by its time where the first difference is. Sizes are public. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && sodium.sodium_memcmp(a, b);
}

/** Overwrites secrets in a way that no optimiser removes. */
export function zeroBytes(...buffers: readonly Uint8Array[]): void {
  for (const bytes of buffers) sodium.sodium_memzero(bytes);
}

/**
 * Keeps the pages of a secret out of swap and core dumps. False where the system allows no more
 * locked memory: the secret then lives in ordinary memory. The buffer must own its ArrayBuffer:
 * unlocking works on whole pages.
 */
export function lockBytes(bytes: Uint8Array): boolean {
  requireSize('a locked buffer', bytes.buffer, bytes.length);
  try {
    sodium.sodium_mlock(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Zeroes the buffer and lets its pages go. */
export function unlockBytes(bytes: Uint8Array): void {
  sodium.sodium_memzero(bytes);
  try {
    sodium.sodium_munlock(bytes);
  } catch {
    // It was never locked.
  }
}
