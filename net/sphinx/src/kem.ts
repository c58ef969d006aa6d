/**
 * How a sender and a hop come to a shared secret. Suite 1: a fresh X25519 key for each hop, the
 * result bound to suite, epoch and both public keys, so that no other key or epoch gives the same.
 */
import { blake2b, type RandomFill, x25519, x25519PublicKey, zeroBytes } from '@fog/crypto';
import { utf8 } from '@fog/kernel';
import { CIPHERTEXT_BYTES, SECRET_BYTES, SUITE } from './geometry.ts';
import type { MixKey } from './mix-key.ts';

/** Buffers of one thread. */
export interface KemSpace {
  readonly ciphertext: Uint8Array;
  readonly secret: Uint8Array;
  /** Label, suite, epoch, Diffie-Hellman result, ciphertext, relay key: what the secret is the hash of. */
  readonly bound: Uint8Array;
  readonly epoch: DataView;
  readonly product: Uint8Array;
  readonly relayKey: Uint8Array;
  readonly ephemeral: Uint8Array;
}

export interface Kem {
  createSpace(): KemSpace;
  /** Writes `ciphertext` and `secret`; false when the relay's key is of low order. */
  encapsulate(
    space: KemSpace,
    relay: { readonly publicKey: Uint8Array; readonly epoch: number },
    random: RandomFill,
  ): boolean;
  /** Reads `ciphertext`, writes `secret`; false when the ciphertext is of low order. */
  decapsulate(space: KemSpace, key: MixKey): boolean;
}

const LABEL = utf8('fog-sphinx-kem-v1');
const EPOCH_AT = LABEL.length + 1;
const PRODUCT_AT = EPOCH_AT + 8;
const CIPHERTEXT_AT = PRODUCT_AT + 32;
const RELAY_KEY_AT = CIPHERTEXT_AT + CIPHERTEXT_BYTES;
const BOUND_BYTES = RELAY_KEY_AT + 32;

export const x25519Kem: Kem = {
  createSpace: () => {
    const bound = new Uint8Array(new ArrayBuffer(BOUND_BYTES));
    bound.set(LABEL);
    bound[LABEL.length] = SUITE;
    return {
      ciphertext: bound.subarray(CIPHERTEXT_AT, RELAY_KEY_AT),
      secret: new Uint8Array(new ArrayBuffer(SECRET_BYTES)),
      bound,
      epoch: new DataView(bound.buffer, EPOCH_AT, 8),
      product: bound.subarray(PRODUCT_AT, CIPHERTEXT_AT),
      relayKey: bound.subarray(RELAY_KEY_AT),
      ephemeral: new Uint8Array(new ArrayBuffer(32)),
    };
  },
  encapsulate: (space, { publicKey, epoch }, random) => {
    random(space.ephemeral);
    x25519PublicKey(space.ciphertext, space.ephemeral);
    const good = x25519(space.product, space.ephemeral, publicKey);
    if (good) bind(space, publicKey, epoch);
    zeroBytes(space.ephemeral);
    return good;
  },
  decapsulate: (space, { publicKey, secretKey, epoch }) => {
    if (!x25519(space.product, secretKey, space.ciphertext)) return false;
    bind(space, publicKey, epoch);
    return true;
  },
};

function bind(space: KemSpace, relayKey: Uint8Array, epoch: number): void {
  space.epoch.setUint32(0, epoch / 2 ** 32);
  space.epoch.setUint32(4, epoch);
  space.relayKey.set(relayKey);
  blake2b(space.secret, space.bound);
}
