/** The calls of libsodium that are used here, on plain byte arrays. They also work on shared memory. */
import native from 'sodium-native';

type Bytes = Uint8Array;

interface SodiumCalls {
  readonly crypto_scalarmult: (shared: Bytes, secretKey: Bytes, publicKey: Bytes) => void;
  readonly crypto_scalarmult_base: (publicKey: Bytes, secretKey: Bytes) => void;
  readonly crypto_generichash: (output: Bytes, input: Bytes, key?: Bytes) => void;
  readonly crypto_kdf_derive_from_key: (
    subkey: Bytes,
    id: number,
    context: Bytes,
    key: Bytes,
  ) => void;
  readonly crypto_stream_chacha20_xor: (
    output: Bytes,
    input: Bytes,
    nonce: Bytes,
    key: Bytes,
  ) => void;
  readonly crypto_hash_sha512: (output: Bytes, input: Bytes) => void;
  readonly crypto_core_ed25519_add: (sum: Bytes, p: Bytes, q: Bytes) => void;
  readonly crypto_core_ed25519_sub: (difference: Bytes, p: Bytes, q: Bytes) => void;
  readonly crypto_core_ed25519_scalar_add: (sum: Bytes, x: Bytes, y: Bytes) => void;
  readonly crypto_core_ed25519_scalar_reduce: (reduced: Bytes, wide: Bytes) => void;
  readonly crypto_scalarmult_ed25519_noclamp: (product: Bytes, scalar: Bytes, p: Bytes) => void;
  readonly crypto_scalarmult_ed25519_base_noclamp: (product: Bytes, scalar: Bytes) => void;
  readonly crypto_aead_chacha20poly1305_ietf_encrypt: SodiumSeal;
  readonly crypto_aead_chacha20poly1305_ietf_decrypt: SodiumOpen;
  readonly crypto_aead_xchacha20poly1305_ietf_encrypt: SodiumSeal;
  readonly crypto_aead_xchacha20poly1305_ietf_decrypt: SodiumOpen;
  readonly randombytes_buf: (output: Bytes) => void;
  readonly sodium_memcmp: (a: Bytes, b: Bytes) => boolean;
  readonly sodium_memzero: (bytes: Bytes) => void;
  readonly sodium_mlock: (bytes: Bytes) => void;
  readonly sodium_munlock: (bytes: Bytes) => void;
}

type SodiumSeal = (
  output: Bytes,
  message: Bytes,
  ...rest: readonly [data: Bytes | null, none: null, nonce: Bytes, key: Bytes]
) => void;

type SodiumOpen = (
  output: Bytes,
  none: null,
  ...rest: readonly [sealed: Bytes, data: Bytes | null, nonce: Bytes, key: Bytes]
) => void;

// The published types ask for Buffer where the library takes any typed array.
export const sodium: SodiumCalls = native as unknown as SodiumCalls;
