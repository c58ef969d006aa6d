/** X25519 (RFC 7748) on buffers of the caller. */
import { requireSize } from './size.ts';
import { sodium } from './sodium.ts';

/** Of secret keys, public keys and shared secrets. */
export const X25519_BYTES = 32;

/**
 * Writes the shared secret. False for a low-order public key, whose shared secret is zero whatever
 * the secret key: libsodium throws there, and this is the one place that turns it into a verdict.
 */
export function x25519(shared: Uint8Array, secretKey: Uint8Array, publicKey: Uint8Array): boolean {
  requireSize('the shared secret', shared, X25519_BYTES);
  requireSize('the secret key', secretKey, X25519_BYTES);
  requireSize('the public key', publicKey, X25519_BYTES);
  try {
    sodium.crypto_scalarmult(shared, secretKey, publicKey);
    return true;
  } catch {
    return false;
  }
}

export function x25519PublicKey(publicKey: Uint8Array, secretKey: Uint8Array): void {
  requireSize('the public key', publicKey, X25519_BYTES);
  requireSize('the secret key', secretKey, X25519_BYTES);
  sodium.crypto_scalarmult_base(publicKey, secretKey);
}
