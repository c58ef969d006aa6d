/** The key pair with which a relay peels the packets of one key epoch. */
import {
  lockBytes,
  type RandomFill,
  unlockBytes,
  X25519_BYTES,
  x25519PublicKey,
} from '@fog/crypto';
import { fail } from './errors.ts';

export interface MixKey {
  /** Number of the key epoch; packets carry its low byte. */
  readonly epoch: number;
  readonly publicKey: Uint8Array;
  readonly secretKey: Uint8Array;
}

export function createMixKey(epoch: number, random: RandomFill): MixKey {
  const secretKey = new Uint8Array(X25519_BYTES);
  random(secretKey);
  return mixKeyFromSecret(epoch, secretKey);
}

/** Takes the buffer over, and locks it where the system allows. */
export function mixKeyFromSecret(epoch: number, secretKey: Uint8Array): MixKey {
  if (!Number.isSafeInteger(epoch) || epoch < 0) {
    throw fail('SPHINX_ROUTE', { message: `A key epoch is a whole number from 0, not ${epoch}.` });
  }
  const publicKey = new Uint8Array(X25519_BYTES);
  x25519PublicKey(publicKey, secretKey);
  if (secretKey.byteLength === secretKey.buffer.byteLength) lockBytes(secretKey);
  return { epoch, publicKey, secretKey };
}

/** Zeroes the secret: no recorded packet of the epoch can be peeled any more. */
export function eraseMixKey(key: MixKey): void {
  unlockBytes(key.secretKey);
}

/** The key whose epoch has this low byte. A relay holds three epochs, never 256. */
export function keyOfEpochByte(
  keys: readonly MixKey[],
  epochByte: number | undefined,
): MixKey | undefined {
  for (const key of keys) if (key.epoch % 256 === epochByte) return key;
  return undefined;
}
