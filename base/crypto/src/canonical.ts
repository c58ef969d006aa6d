/**
 * Canonical CBOR (RFC 8949 §4.2.1) of texts, bytes, integers, booleans, null, lists and maps with
 * text keys, and signatures over it. One value has exactly one encoding, and no other is accepted.
 */
import { concatBytes, errorMessage, utf8 } from '@fog/kernel';
import { decode, encode, rfc8949EncodeOptions, type EncodeOptions } from 'cborg';
import { fail } from './errors.ts';
import { type Identity, verifySignature } from './identity.ts';
import { sameBytes } from './memory.ts';

export type CanonicalValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | Uint8Array
  | readonly CanonicalValue[]
  | { readonly [key: string]: CanonicalValue };

/** Bytes as they travel, and the signature over them. */
export interface Signed {
  readonly bytes: Uint8Array;
  /** 64 bytes. */
  readonly signature: Uint8Array;
}

export type SignedVerdict =
  | { readonly ok: true; readonly value: CanonicalValue }
  | { readonly ok: false; readonly reason: 'too-large' | 'bad-signature' | 'not-canonical' };

const STRICT: EncodeOptions = {
  ...rfc8949EncodeOptions,
  typeEncoders: {
    number: (value: number) => (Number.isSafeInteger(value) ? null : refuse('a fraction')),
    undefined: () => refuse('undefined'),
  },
};

/** Throws CRYPTO_NOT_CANONICAL for fractions, undefined and what is no plain data. */
export function encodeCanonical(value: CanonicalValue): Uint8Array {
  try {
    return encode(value, STRICT);
  } catch (cause) {
    throw fail('CRYPTO_NOT_CANONICAL', {
      message: `The value has no canonical form: ${errorMessage(cause)}. Use texts, bytes, integers, booleans, null, lists and maps.`,
      cause,
    });
  }
}

/** The value, or undefined when the bytes are not exactly its canonical encoding. Never throws. */
export function decodeCanonical(bytes: Uint8Array): CanonicalValue | undefined {
  try {
    const value = decode(bytes, {
      strict: true,
      allowIndefinite: false,
      allowUndefined: false,
      allowInfinity: false,
      allowNaN: false,
      rejectDuplicateMapKeys: true,
    }) as CanonicalValue;
    return sameBytes(encode(value, STRICT), bytes) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** `purpose` keeps a signature for one kind of document from standing for another. */
export function signCanonical(identity: Identity, purpose: string, value: CanonicalValue): Signed {
  const bytes = encodeCanonical(value);
  return { bytes, signature: identity.sign(signedBytes(purpose, bytes)) };
}

/** The signature of one more signer of the same bytes. */
export function signBytes(identity: Identity, purpose: string, bytes: Uint8Array): Uint8Array {
  return identity.sign(signedBytes(purpose, bytes));
}

/** Whether the signature is the key's, for this purpose, over exactly these bytes. */
export function verifyBytes(publicKey: Uint8Array, purpose: string, signed: Signed): boolean {
  return verifySignature(publicKey, signedBytes(purpose, signed.bytes), signed.signature);
}

/** Verifies the received bytes first, and only then decodes them. Never throws. */
export function openSigned(
  publicKey: Uint8Array,
  purpose: string,
  signed: Signed,
  { maxBytes }: { readonly maxBytes: number },
): SignedVerdict {
  if (signed.bytes.length > maxBytes) return { ok: false, reason: 'too-large' };
  if (!verifyBytes(publicKey, purpose, signed)) return { ok: false, reason: 'bad-signature' };
  const value = decodeCanonical(signed.bytes);
  return value === undefined ? { ok: false, reason: 'not-canonical' } : { ok: true, value };
}

function signedBytes(purpose: string, bytes: Uint8Array): Uint8Array {
  return concatBytes([utf8(purpose), Uint8Array.of(0), bytes]);
}

function refuse(what: string): never {
  throw new TypeError(`it holds ${what}`);
}
