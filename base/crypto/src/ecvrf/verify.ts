/**
 * ECVRF_verify of RFC 9381 §5.3 for ECVRF-EDWARDS25519-SHA512-TAI.
 * Stricter than the RFC: keys and Γ outside the prime-order group are refused, so a proof has one form.
 */
import { sameBytes } from '../memory.ts';
import {
  CHALLENGE_BYTES,
  challengeOf,
  challengeScalar,
  difference,
  encodeToCurve,
  isReduced,
  outputOf,
  POINT_BYTES,
  reduceScalar,
  SCALAR_BYTES,
  times,
  timesBase,
  VRF_PROOF_BYTES,
} from './suite.ts';

/** β (64 bytes) when the proof is good for this key and α, else undefined. Never throws. */
export function vrfVerify(
  publicKey: Uint8Array,
  alpha: Uint8Array,
  proof: Uint8Array,
): Uint8Array | undefined {
  if (publicKey.length !== POINT_BYTES || proof.length !== VRF_PROOF_BYTES) return undefined;
  const gamma = proof.subarray(0, POINT_BYTES);
  const challenge = proof.subarray(POINT_BYTES, POINT_BYTES + CHALLENGE_BYTES);
  const response = proof.subarray(POINT_BYTES + CHALLENGE_BYTES);
  if (!isReduced(publicKey) || !isReduced(gamma) || !isReducedScalar(response)) return undefined;
  try {
    const point = encodeToCurve(publicKey, alpha);
    const scalar = challengeScalar(challenge);
    const u = difference(timesBase(response), times(scalar, publicKey));
    const v = difference(times(response, point), times(scalar, gamma));
    const expected = challengeOf([publicKey, point, gamma, u, v]);
    return sameBytes(expected, challenge) ? outputOf(gamma) : undefined;
  } catch {
    // libsodium throws where a factor is no point of the group or a product is its identity.
    return undefined;
  }
}

/** β of a proof that is known to be good, else undefined when it is none. */
export function vrfProofOutput(proof: Uint8Array): Uint8Array | undefined {
  return proof.length === VRF_PROOF_BYTES ? outputOf(proof.subarray(0, POINT_BYTES)) : undefined;
}

function isReducedScalar(scalar: Uint8Array): boolean {
  const wide = new Uint8Array(SCALAR_BYTES * 2);
  wide.set(scalar);
  return sameBytes(reduceScalar(wide), scalar);
}
