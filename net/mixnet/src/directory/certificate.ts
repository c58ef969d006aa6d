/** Certificates (the heads of all votes an authority saw) and notes of signatures. */
import type { Identity, Signed } from '@fog/crypto';
import { HASH_BYTES } from './consensus.ts';
import {
  bad,
  bytes,
  identityText,
  integer,
  list,
  literal,
  type Read,
  record,
  type Shape,
  text,
} from './fields.ts';
import {
  MAX_AUTHORITIES,
  MAX_CERTIFICATE_BYTES,
  MAX_COUNTER,
  MAX_HEAD_BYTES,
  MAX_HEADS_PER_AUTHORITY,
  MAX_NAME_BYTES,
} from './limits.ts';
import {
  openObject,
  packSigned,
  SIGNATURE_BYTES,
  signaturePurpose,
  signedShape,
  signObject,
} from './signed-object.ts';

const CERTIFICATE_KIND = 'fog-certificate/1';
const NOTE_KIND = 'fog-signature/1';

interface OfRound {
  readonly network: string;
  readonly authority: string;
  readonly epoch: number;
  readonly revision: number;
}

export interface Certificate extends OfRound {
  readonly kind: typeof CERTIFICATE_KIND;
  readonly heads: readonly { readonly bytes: Uint8Array; readonly signature: Uint8Array }[];
}

/** A detached signature on its way between authorities; itself signed, so that nobody can take its place. */
export interface SignatureNote extends OfRound {
  readonly kind: typeof NOTE_KIND;
  /** Of the document. */
  readonly hash: Uint8Array;
  /** Over the document's bytes. */
  readonly signature: Uint8Array;
}

const ofRound = {
  network: text(MAX_NAME_BYTES),
  authority: identityText,
  epoch: integer(0, MAX_COUNTER),
  revision: integer(1, MAX_COUNTER),
};

const certificateShape: Shape<Certificate> = record({
  ...ofRound,
  kind: literal(CERTIFICATE_KIND),
  heads: list(signedShape(MAX_HEAD_BYTES), 0, MAX_AUTHORITIES * MAX_HEADS_PER_AUTHORITY),
});

const noteShape: Shape<SignatureNote> = record({
  ...ofRound,
  kind: literal(NOTE_KIND),
  hash: bytes(HASH_BYTES),
  signature: bytes(SIGNATURE_BYTES),
});

interface Author {
  readonly id: string;
  readonly key: Uint8Array;
}

export function signCertificate(
  identity: Identity,
  round: Omit<OfRound, 'authority'>,
  heads: readonly Signed[],
): Uint8Array {
  const certificate: Certificate = {
    kind: CERTIFICATE_KIND,
    ...round,
    authority: identity.id,
    heads: heads.map(({ bytes: signed, signature }) => ({ bytes: signed, signature })),
  };
  return packSigned(
    signObject(identity, signaturePurpose(CERTIFICATE_KIND, round.network), certificate),
  );
}

export function signNote(
  identity: Identity,
  round: Omit<OfRound, 'authority'>,
  signed: { readonly hash: Uint8Array; readonly signature: Uint8Array },
): Signed {
  const note: SignatureNote = { kind: NOTE_KIND, ...round, authority: identity.id, ...signed };
  return signObject(identity, signaturePurpose(NOTE_KIND, round.network), note);
}

/** Never throws. */
export function openCertificate(
  signed: Signed,
  author: Author,
  network: string,
): Read<Certificate> {
  return authored(
    openObject(signed, {
      what: 'the certificate',
      key: author.key,
      purpose: signaturePurpose(CERTIFICATE_KIND, network),
      shape: certificateShape,
      maxBytes: MAX_CERTIFICATE_BYTES,
    }),
    author,
    network,
  );
}

/** Never throws. */
export function openNote(signed: Signed, author: Author, network: string): Read<SignatureNote> {
  return authored(
    openObject(signed, {
      what: 'the note of a signature',
      key: author.key,
      purpose: signaturePurpose(NOTE_KIND, network),
      shape: noteShape,
      maxBytes: MAX_HEAD_BYTES,
    }),
    author,
    network,
  );
}

function authored<T extends OfRound>(read: Read<T>, author: Author, network: string): Read<T> {
  if (!read.ok) return read;
  if (read.value.network !== network) return bad('the message is of another network');
  return read.value.authority === author.id
    ? read
    : bad('the message names another authority than its signer');
}
