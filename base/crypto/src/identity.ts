/** Ed25519 identities (RFC 8032). The secret key leaves this module only to its own 0600 file and to TLS. */
import { base32nopad } from '@scure/base';
import sodium from 'sodium-native';
import { encodeKeyCertificate, type KeyCertificate } from './key-certificate.ts';
import { openSeed } from './seed-file.ts';
import { X25519_BYTES, x25519 } from './x25519.ts';

const ID_BYTES = 16;

export interface Identity {
  /** See `identityId`. */
  readonly id: string;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 64-byte Ed25519 signature. */
  sign(message: Uint8Array): Uint8Array;
  /**
   * Writes what this identity shares with the holder of an X25519 key; that side reaches the same by
   * `agreementKey` of this public key. False for a key of low order.
   */
  agree(shared: Uint8Array, publicKey: Uint8Array): boolean;
  /** Key and self-signed certificate for TLS, in which a peer proves to have this identity. */
  certificate(): KeyCertificate;
}

/** BLAKE2b-256 of the 32-byte public key, cut to 16 bytes, base32 lower case without padding: 26 characters. */
export function identityId(publicKey: Uint8Array): string {
  const digest = Buffer.alloc(sodium.crypto_generichash_BYTES);
  sodium.crypto_generichash(digest, Buffer.from(publicKey));
  return base32nopad.encode(digest.subarray(0, ID_BYTES)).toLowerCase();
}

/** The X25519 public key of an Ed25519 one; undefined when it is none, or of low order. */
export function agreementKey(publicKey: Uint8Array): Uint8Array | undefined {
  if (publicKey.length !== sodium.crypto_sign_PUBLICKEYBYTES) return undefined;
  const key = Buffer.alloc(X25519_BYTES);
  try {
    sodium.crypto_sign_ed25519_pk_to_curve25519(key, Buffer.from(publicKey));
    return new Uint8Array(key);
  } catch {
    return undefined;
  }
}

/** False for a wrong signature and for keys or signatures of a wrong length. */
export function verifySignature(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (publicKey.length !== sodium.crypto_sign_PUBLICKEYBYTES) return false;
  if (signature.length !== sodium.crypto_sign_BYTES) return false;
  return sodium.crypto_sign_verify_detached(
    Buffer.from(signature),
    Buffer.from(message),
    Buffer.from(publicKey),
  );
}

export function identityFromSeed(seed: Uint8Array): Identity {
  const publicKey = Buffer.alloc(sodium.crypto_sign_PUBLICKEYBYTES);
  const secretKey = Buffer.alloc(sodium.crypto_sign_SECRETKEYBYTES);
  sodium.crypto_sign_seed_keypair(publicKey, secretKey, Buffer.from(seed));
  const agreementSecret = Buffer.alloc(X25519_BYTES);
  sodium.crypto_sign_ed25519_sk_to_curve25519(agreementSecret, secretKey);
  const identity: Identity = {
    id: identityId(publicKey),
    publicKey: new Uint8Array(publicKey),
    sign: (message) => {
      const signature = Buffer.alloc(sodium.crypto_sign_BYTES);
      sodium.crypto_sign_detached(signature, Buffer.from(message), secretKey);
      return new Uint8Array(signature);
    },
    agree: (shared, peer) => x25519(shared, agreementSecret, peer),
    certificate: () =>
      encodeKeyCertificate(identity, secretKey.subarray(0, sodium.crypto_sign_SEEDBYTES)),
  };
  return identity;
}

/** As `openSeed`, for the identity that the seed makes. */
export async function openIdentity(file: string): Promise<Identity> {
  return identityFromSeed(await openSeed(file));
}
