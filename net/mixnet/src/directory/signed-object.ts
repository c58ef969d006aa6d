/** How signed objects travel: canonical CBOR of the bytes and the signature over them. */
import {
  type CanonicalValue,
  decodeCanonical,
  encodeCanonical,
  type Identity,
  openSigned,
  signCanonical,
  type Signed,
} from '@fog/crypto';
import { hasMoreItems } from './cbor-items.ts';
import { bad, bytes, type Read, record, type Shape } from './fields.ts';
import { MAX_UNSIGNED_ITEMS } from './limits.ts';

export const SIGNATURE_BYTES = 64;
/** The map around the bytes: names, lengths, signature. */
const ENVELOPE_BYTES = 128;

/** `kind` names the format, and the network keeps its documents from passing for another's. */
export function signaturePurpose(kind: string, network: string): string {
  return `${kind} ${network}`;
}

export function signObject(identity: Identity, purpose: string, value: object): Signed {
  return signCanonical(identity, purpose, value as CanonicalValue);
}

export function packSigned(signed: Signed): Uint8Array {
  return encodeCanonical({ bytes: signed.bytes, signature: signed.signature });
}

export function signedShape(maxBytes: number): Shape<Signed> {
  return record({ bytes: bytes(1, maxBytes), signature: bytes(SIGNATURE_BYTES) });
}

/** Never throws. */
export function unpackSigned(packed: Uint8Array, what: string, maxBytes: number): Read<Signed> {
  return readUnsigned(packed, what, signedShape(maxBytes), maxBytes + ENVELOPE_BYTES);
}

/** For what nobody has signed yet: of few items, however long it is. Never throws. */
export function readUnsigned<T>(
  input: Uint8Array,
  what: string,
  shape: Shape<T>,
  maxBytes: number,
): Read<T> {
  if (hasMoreItems(input, MAX_UNSIGNED_ITEMS)) {
    return bad(`${what} has more than ${MAX_UNSIGNED_ITEMS} items`);
  }
  return readCanonical(input, what, shape, maxBytes);
}

/** Never throws. */
export function readCanonical<T>(
  input: Uint8Array,
  what: string,
  shape: Shape<T>,
  maxBytes: number,
): Read<T> {
  if (input.length > maxBytes) return bad(`${what} has more than ${maxBytes} bytes`);
  const value = decodeCanonical(input);
  return value === undefined ? bad(`${what} is not canonical CBOR`) : shape(value, what);
}

export interface Opening<T> {
  readonly what: string;
  readonly key: Uint8Array;
  readonly purpose: string;
  readonly shape: Shape<T>;
  readonly maxBytes: number;
}

/** Checks the signature over the received bytes, then reads them. Never throws. */
export function openObject<T>(signed: Signed, opening: Opening<T>): Read<T> {
  const { what, key, purpose, shape, maxBytes } = opening;
  const verdict = openSigned(key, purpose, signed, { maxBytes });
  if (verdict.ok) return shape(verdict.value, what);
  const why = {
    'too-large': `has more than ${maxBytes} bytes`,
    'bad-signature': 'has no good signature of its author for this network',
    'not-canonical': 'is not canonical CBOR',
  } as const;
  return bad(`${what} ${why[verdict.reason]}`);
}

/** A field of the signed bytes, read before the signature is checked: it says whose key to check with. */
export function claimed({ bytes: signed }: Signed, field: string): unknown {
  if (hasMoreItems(signed, MAX_UNSIGNED_ITEMS)) return undefined;
  const value = decodeCanonical(signed);
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, field)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[field];
}

export function claimedText(signed: Signed, field: string): string | undefined {
  const text = claimed(signed, field);
  return typeof text === 'string' ? text : undefined;
}
