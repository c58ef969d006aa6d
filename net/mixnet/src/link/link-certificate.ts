import { identityFromSeed, type KeyCertificate } from '@fog/crypto';

export type LinkCertificate = KeyCertificate;

/** The self-signed certificate of a relay's link key. */
export function createLinkCertificate(seed: Uint8Array): LinkCertificate {
  return identityFromSeed(seed).certificate();
}
