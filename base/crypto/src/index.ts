export { CRYPTO_ERRORS } from './errors.ts';
export { createSha256, sameHash, secretHash, sha256Hex } from './hash.ts';
export {
  type Identity,
  identityFromSeed,
  identityId,
  openIdentity,
  verifySignature,
} from './identity.ts';
export { randomLabel, randomSecret, randomText } from './random.ts';
