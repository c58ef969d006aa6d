export {
  AEAD_KEY_BYTES,
  AEAD_NONCE_BYTES,
  AEAD_TAG_BYTES,
  type AeadCipher,
  type AeadInput,
  aeadOpen,
  aeadSeal,
} from './aead.ts';
export {
  type CanonicalValue,
  decodeCanonical,
  encodeCanonical,
  openSigned,
  signBytes,
  signCanonical,
  type Signed,
  type SignedVerdict,
  verifyBytes,
} from './canonical.ts';
export { VRF_SEED_BYTES, type VrfEvaluation, type VrfKey, vrfKeyFromSeed } from './ecvrf/prove.ts';
export { VRF_OUTPUT_BYTES, VRF_PROOF_BYTES } from './ecvrf/suite.ts';
export { vrfProofOutput, vrfVerify } from './ecvrf/verify.ts';
export { CRYPTO_ERRORS } from './errors.ts';
export { createSha256, sameHash, secretHash, sha256Hex } from './hash.ts';
export {
  agreementKey,
  type Identity,
  identityFromSeed,
  identityId,
  openIdentity,
  verifySignature,
} from './identity.ts';
export type { KeyCertificate } from './key-certificate.ts';
export {
  lockBytes,
  type RandomFill,
  randomFill,
  sameBytes,
  unlockBytes,
  zeroBytes,
} from './memory.ts';
export { randomLabel, randomSecret, randomText } from './random.ts';
export { openSeed } from './seed-file.ts';
export { blake2b, chacha20, chacha20Once, deriveKey, KDF_CONTEXT_BYTES } from './symmetric.ts';
export { X25519_BYTES, x25519, x25519PublicKey } from './x25519.ts';
