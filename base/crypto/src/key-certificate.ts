/**
 * The self-signed Ed25519 certificate of an identity (X.509, RFC 5280 and RFC 8410). It is a vessel for the raw
 * key: names, times and serial are the same for all, and who pins the key reads none of them.
 */
import { createPrivateKey } from 'node:crypto';
import { concatBytes, utf8 } from '@fog/kernel';

export interface KeyCertificate {
  /** PEM, as node:tls takes it. */
  readonly key: string;
  readonly certificate: string;
  /** Ed25519 public key, 32 bytes. */
  readonly publicKey: Uint8Array;
}

interface Signer {
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

const TAG = {
  integer: 0x02,
  bits: 0x03,
  oid: 0x06,
  utf8: 0x0c,
  sequence: 0x30,
  set: 0x31,
  time: 0x18,
  version: 0xa0,
} as const;
const ED25519_OID = Uint8Array.of(0x2b, 0x65, 0x70);
const COMMON_NAME_OID = Uint8Array.of(0x55, 0x04, 0x03);
/** PKCS #8 of an Ed25519 seed up to the seed itself (RFC 8410 §7). */
const PKCS8_PREFIX: Uint8Array = Buffer.from('302e020100300506032b657004220420', 'hex');

/** `seed` is that of `signer`. */
export function encodeKeyCertificate(signer: Signer, seed: Uint8Array): KeyCertificate {
  const body = certificateBody(signer.publicKey);
  const certificate = der(
    TAG.sequence,
    body,
    der(TAG.sequence, der(TAG.oid, ED25519_OID)),
    bits(signer.sign(body)),
  );
  const pkcs8 = Buffer.concat([PKCS8_PREFIX, seed]);
  const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  pkcs8.fill(0);
  return {
    key: key.export({ format: 'pem', type: 'pkcs8' }).toString(),
    certificate: pem(certificate),
    publicKey: signer.publicKey,
  };
}

function certificateBody(publicKey: Uint8Array): Uint8Array {
  const algorithm = der(TAG.sequence, der(TAG.oid, ED25519_OID));
  const commonName = der(TAG.sequence, der(TAG.oid, COMMON_NAME_OID), der(TAG.utf8, utf8('fog')));
  const name = der(TAG.sequence, der(TAG.set, commonName));
  return der(
    TAG.sequence,
    der(TAG.version, der(TAG.integer, Uint8Array.of(2))),
    der(TAG.integer, Uint8Array.of(1)),
    algorithm,
    name,
    der(TAG.sequence, time('20000101000000Z'), time('99991231235959Z')),
    name,
    der(TAG.sequence, algorithm, bits(publicKey)),
  );
}

function time(text: string): Uint8Array {
  return der(TAG.time, utf8(text));
}

/** A bit string of whole bytes. */
function bits(bytes: Uint8Array): Uint8Array {
  return der(TAG.bits, Uint8Array.of(0), bytes);
}

/** One value in DER: tag, length, contents. */
function der(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const body = concatBytes(contents);
  return concatBytes([Uint8Array.of(tag, ...derLength(body.length)), body]);
}

function derLength(length: number): readonly number[] {
  if (length < 0x80) return [length];
  if (length < 0x100) return [0x81, length];
  return [0x82, length >> 8, length & 0xff];
}

function pem(bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
