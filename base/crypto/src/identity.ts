/** Ed25519 identities (RFC 8032). The secret key leaves this module only to its own 0600 file and to TLS. */
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { base32nopad } from '@scure/base';
import { errorMessage } from '@fog/kernel';
import sodium from 'sodium-native';
import { fail } from './errors.ts';
import { encodeKeyCertificate, type KeyCertificate } from './key-certificate.ts';
import { X25519_BYTES, x25519 } from './x25519.ts';

const KEY_FILE_MODE = 0o600;
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

/** Reads the identity of a key file, or makes the file (0600, in a 0700 directory) on first use. */
export async function openIdentity(file: string): Promise<Identity> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw keyFileError(file, errorMessage(error), error);
  });
  if (text === undefined) return createIdentity(file);
  const seed = Buffer.from(text.trim(), 'base64');
  if (seed.length !== sodium.crypto_sign_SEEDBYTES) {
    throw keyFileError(file, 'it does not hold 32 bytes in base64');
  }
  return identityFromSeed(seed);
}

async function createIdentity(file: string): Promise<Identity> {
  const seed = Buffer.alloc(sodium.crypto_sign_SEEDBYTES);
  sodium.randombytes_buf(seed);
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const temporary = `${file}.new`;
  const handle = await open(temporary, 'w', KEY_FILE_MODE);
  try {
    await handle.writeFile(`${seed.toString('base64')}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
  return identityFromSeed(seed);
}

function keyFileError(file: string, why: string, cause?: unknown): Error {
  return fail('CRYPTO_KEY_FILE', {
    message: `The key file ${file} cannot be used: ${why}. Restore it from a backup, or move it away to get a new identity.`,
    details: { file },
    cause,
  });
}
