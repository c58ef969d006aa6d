/** The parts of RFC 9381 that proving and verifying share, for ECVRF-EDWARDS25519-SHA512-TAI. */
import { concatBytes } from '@fog/kernel';
import { sodium } from '../sodium.ts';

export const POINT_BYTES = 32;
export const SCALAR_BYTES = 32;
export const CHALLENGE_BYTES = 16;
/** Of a proof: Γ, challenge c, response s (RFC 9381 §5.5, suite 0x03). */
export const VRF_PROOF_BYTES = 80;
/** Of an output β. */
export const VRF_OUTPUT_BYTES = 64;

const SUITE = 0x03;
const ENCODE_TO_CURVE = 0x01;
const CHALLENGE = 0x02;
const PROOF_TO_HASH = 0x03;
const BACK = 0x00;

const IDENTITY = new Uint8Array(POINT_BYTES);
IDENTITY[0] = 1;

export function sha512(...parts: readonly Uint8Array[]): Uint8Array {
  const digest = new Uint8Array(64);
  sodium.crypto_hash_sha512(digest, concatBytes(parts));
  return digest;
}

/** A scalar of 64 bytes, little-endian, modulo the order of the base point. */
export function reduceScalar(wide: Uint8Array): Uint8Array {
  const reduced = new Uint8Array(SCALAR_BYTES);
  sodium.crypto_core_ed25519_scalar_reduce(reduced, wide);
  return reduced;
}

/** The scalar of 16 bytes of a challenge. */
export function challengeScalar(challenge: Uint8Array): Uint8Array {
  const scalar = new Uint8Array(SCALAR_BYTES);
  scalar.set(challenge);
  return scalar;
}

/**
 * ECVRF_encode_to_curve_try_and_increment (§5.4.1.1). Every candidate goes through three doublings,
 * as libsodium's own test of a point refuses those outside the prime-order group, and the cofactor
 * is to be cleared anyway.
 */
export function encodeToCurve(publicKey: Uint8Array, alpha: Uint8Array): Uint8Array {
  // Each try succeeds with one half; that all 256 values of the counter fail has probability 2⁻²⁵⁶.
  for (let counter = 0; ; counter += 1) {
    const tail = Uint8Array.of(counter, BACK);
    const hash = sha512(Uint8Array.of(SUITE, ENCODE_TO_CURVE), publicKey, alpha, tail);
    const point = clearCofactor(hash.subarray(0, POINT_BYTES));
    if (point !== undefined) return point;
  }
}

/** 8·P, or undefined when the bytes encode no point (RFC 8032 §5.1.3) or one of low order. */
export function clearCofactor(point: Uint8Array): Uint8Array | undefined {
  if (!isReduced(point)) return undefined;
  const sum = new Uint8Array(point);
  try {
    for (let doubling = 0; doubling < 3; doubling += 1) {
      sodium.crypto_core_ed25519_add(sum, sum, sum);
    }
  } catch {
    return undefined;
  }
  return sum.every((byte, index) => byte === IDENTITY[index]) ? undefined : sum;
}

/** True when the y coordinate is below 2²⁵⁵ − 19: libsodium also decodes the others. */
export function isReduced(point: Uint8Array): boolean {
  if (((point[31] ?? 0) & 0x7f) !== 0x7f || (point[0] ?? 0) < 0xed) return true;
  return point.subarray(1, 31).some((byte) => byte !== 0xff);
}

/** ECVRF_challenge_generation (§5.4.3) over Y, H, Γ, U, V. */
export function challengeOf(points: readonly Uint8Array[]): Uint8Array {
  const hash = sha512(Uint8Array.of(SUITE, CHALLENGE), ...points, Uint8Array.of(BACK));
  return hash.slice(0, CHALLENGE_BYTES);
}

/** ECVRF_proof_to_hash (§5.2) from Γ; undefined when Γ is no point. */
export function outputOf(gamma: Uint8Array): Uint8Array | undefined {
  const cleared = clearCofactor(gamma);
  if (cleared === undefined) return undefined;
  return sha512(Uint8Array.of(SUITE, PROOF_TO_HASH), cleared, Uint8Array.of(BACK));
}

/** The functions below throw where a factor is no point of the group or the result is its identity. */
export function times(scalar: Uint8Array, point: Uint8Array): Uint8Array {
  const product = new Uint8Array(POINT_BYTES);
  sodium.crypto_scalarmult_ed25519_noclamp(product, scalar, point);
  return product;
}

export function timesBase(scalar: Uint8Array): Uint8Array {
  const product = new Uint8Array(POINT_BYTES);
  sodium.crypto_scalarmult_ed25519_base_noclamp(product, scalar);
  return product;
}

export function difference(p: Uint8Array, q: Uint8Array): Uint8Array {
  const result = new Uint8Array(POINT_BYTES);
  sodium.crypto_core_ed25519_sub(result, p, q);
  return result;
}
