/** ChaCha20-Poly1305 (RFC 8439) and XChaCha20-Poly1305 on buffers of the caller. */
import { requireSize } from './size.ts';
import { sodium } from './sodium.ts';

export const AEAD_KEY_BYTES = 32;
export const AEAD_TAG_BYTES = 16;

/** Nonce sizes. A nonce of 12 bytes must count; one of 24 may be random. */
export const AEAD_NONCE_BYTES = { chacha20poly1305: 12, xchacha20poly1305: 24 } as const;

export type AeadCipher = keyof typeof AEAD_NONCE_BYTES;

export interface AeadInput {
  readonly key: Uint8Array;
  /** Never twice with one key. */
  readonly nonce: Uint8Array;
  /** Authenticated, not encrypted. */
  readonly data?: Uint8Array;
}

const CALLS = {
  chacha20poly1305: {
    seal: sodium.crypto_aead_chacha20poly1305_ietf_encrypt,
    open: sodium.crypto_aead_chacha20poly1305_ietf_decrypt,
  },
  xchacha20poly1305: {
    seal: sodium.crypto_aead_xchacha20poly1305_ietf_encrypt,
    open: sodium.crypto_aead_xchacha20poly1305_ietf_decrypt,
  },
} as const;

/** `sealed` has 16 bytes more than the message. */
export function aeadSeal(
  cipher: AeadCipher,
  sealed: Uint8Array,
  message: Uint8Array,
  { key, nonce, data }: AeadInput,
): void {
  requireKey(cipher, key, nonce);
  requireSize('the sealed message', sealed, message.length + AEAD_TAG_BYTES);
  CALLS[cipher].seal(sealed, message, data ?? null, null, nonce, key);
}

/** False when the message is forged or too short; `message` has 16 bytes less than `sealed`. */
export function aeadOpen(
  cipher: AeadCipher,
  message: Uint8Array,
  sealed: Uint8Array,
  { key, nonce, data }: AeadInput,
): boolean {
  requireKey(cipher, key, nonce);
  if (sealed.length < AEAD_TAG_BYTES) return false;
  requireSize('the message', message, sealed.length - AEAD_TAG_BYTES);
  try {
    CALLS[cipher].open(message, null, sealed, data ?? null, nonce, key);
    return true;
  } catch {
    return false;
  }
}

function requireKey(cipher: AeadCipher, key: Uint8Array, nonce: Uint8Array): void {
  requireSize('the key', key, AEAD_KEY_BYTES);
  requireSize('the nonce', nonce, AEAD_NONCE_BYTES[cipher]);
}
