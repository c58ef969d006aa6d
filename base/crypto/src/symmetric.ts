/** BLAKE2b (RFC 7693), libsodium's key derivation on it, and the ChaCha20 stream, on buffers of the caller. */
import { requireSize } from './size.ts';
import { sodium } from './sodium.ts';

export const KDF_CONTEXT_BYTES = 8;

const NO_NONCE = new Uint8Array(8);

/** `output` has 16 to 64 bytes; `key`, where given, too. */
export function blake2b(output: Uint8Array, input: Uint8Array, key?: Uint8Array): void {
  sodium.crypto_generichash(output, input, key);
}

/**
 * `subkey` (16 to 64 bytes) is BLAKE2b of the empty message with the 32-byte key, the id as salt
 * (little-endian, 16 bytes) and the context (8 bytes, zeros to 16) as personalisation.
 */
export function deriveKey(
  subkey: Uint8Array,
  id: number,
  context: Uint8Array,
  key: Uint8Array,
): void {
  sodium.crypto_kdf_derive_from_key(subkey, id, context, key);
}

/**
 * Xors the ChaCha20 key stream with an all-zero nonce, from block 0, over the input; `output` may be
 * `input`. Only for keys that are used once.
 */
export function chacha20Once(output: Uint8Array, input: Uint8Array, key: Uint8Array): void {
  sodium.crypto_stream_chacha20_xor(output, input, NO_NONCE, key);
}

/** The same with a nonce of 8 bytes. */
export function chacha20(
  output: Uint8Array,
  input: Uint8Array,
  nonce: Uint8Array,
  key: Uint8Array,
): void {
  requireSize('the nonce', nonce, NO_NONCE.length);
  sodium.crypto_stream_chacha20_xor(output, input, nonce, key);
}
