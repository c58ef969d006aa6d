/**
 * ECVRF_prove of RFC 9381 §5.1 for ECVRF-EDWARDS25519-SHA512-TAI.
 * Secret scalars only pass through libsodium's constant-time code.
 */
import { concatBytes } from '@fog/kernel';
import { fail } from '../errors.ts';
import { zeroBytes } from '../memory.ts';
import { requireSize } from '../size.ts';
import { sodium } from '../sodium.ts';
import {
  challengeOf,
  encodeToCurve,
  outputOf,
  reduceScalar,
  SCALAR_BYTES,
  sha512,
  times,
  timesBase,
} from './suite.ts';

/** Of the seed a VRF key is made from (an RFC 8032 secret key). */
export const VRF_SEED_BYTES = 32;

export interface VrfEvaluation {
  /** 80 bytes, π. */
  readonly proof: Uint8Array;
  /** 64 bytes, β. */
  readonly output: Uint8Array;
}

export interface VrfKey {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  prove(alpha: Uint8Array): VrfEvaluation;
  /** Zeroes the secret; the key proves nothing afterwards. */
  erase(): void;
}

export function vrfKeyFromSeed(seed: Uint8Array): VrfKey {
  requireSize('the seed', seed, VRF_SEED_BYTES);
  const expanded = sha512(seed);
  const scalar = clampedScalar(expanded.subarray(0, SCALAR_BYTES));
  const nonceKey = expanded.slice(SCALAR_BYTES);
  zeroBytes(expanded);
  const publicKey = timesBase(scalar);
  let erased = false;
  return {
    publicKey,
    prove: (alpha) => {
      if (erased) throw fail('CRYPTO_KEY_ERASED');
      return prove({ scalar, nonceKey, publicKey }, alpha);
    },
    erase: () => {
      erased = true;
      zeroBytes(scalar, nonceKey);
    },
  };
}

interface Secret {
  readonly scalar: Uint8Array;
  readonly nonceKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

function prove({ scalar, nonceKey, publicKey }: Secret, alpha: Uint8Array): VrfEvaluation {
  const point = encodeToCurve(publicKey, alpha);
  const gamma = times(scalar, point);
  const wide = sha512(nonceKey, point);
  const nonce = reduceScalar(wide);
  const challenge = challengeOf([publicKey, point, gamma, timesBase(nonce), times(nonce, point)]);
  const response = multiplyAdd(challenge, scalar, nonce);
  zeroBytes(wide, nonce);
  // Γ was made here, so it is a point.
  const output = outputOf(gamma) as Uint8Array;
  return { proof: concatBytes([gamma, challenge, response]), output };
}

/**
 * challenge·secret + addend modulo the group order, by doubling and adding. libsodium has no such
 * product; the branches depend only on the challenge, which the proof publishes.
 */
function multiplyAdd(challenge: Uint8Array, secret: Uint8Array, addend: Uint8Array): Uint8Array {
  const sum = new Uint8Array(SCALAR_BYTES);
  for (let bit = challenge.length * 8 - 1; bit >= 0; bit -= 1) {
    sodium.crypto_core_ed25519_scalar_add(sum, sum, sum);
    if ((((challenge[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 1) {
      sodium.crypto_core_ed25519_scalar_add(sum, sum, secret);
    }
  }
  sodium.crypto_core_ed25519_scalar_add(sum, sum, addend);
  return sum;
}

/** RFC 8032 §5.1.5, then reduced: the products with points of the prime-order group are the same. */
function clampedScalar(half: Uint8Array): Uint8Array {
  const wide = new Uint8Array(SCALAR_BYTES * 2);
  wide.set(half);
  wide[0] = (wide[0] ?? 0) & 0xf8;
  wide[31] = ((wide[31] ?? 0) & 0x7f) | 0x40;
  const scalar = reduceScalar(wide);
  zeroBytes(wide);
  return scalar;
}
