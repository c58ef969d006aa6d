/** Proof that an authority said two things under one name: kept, shown, never forgotten on a restart. */
import { bytes, identityText, integer, oneOf, record, type Shape } from './fields.ts';
import { MAX_COUNTER, MAX_EVIDENCE, MAX_HEAD_BYTES } from './limits.ts';

const EVIDENCE_KINDS = ['votes', 'signatures'] as const;

export interface Evidence {
  /** Two heads of votes, or notes of signatures under two documents. */
  readonly kind: (typeof EVIDENCE_KINDS)[number];
  readonly authority: string;
  readonly epoch: number;
  readonly revision: number;
  /** As `packSigned` makes them; anyone can check both signatures. */
  readonly first: Uint8Array;
  readonly second: Uint8Array;
}

export const evidenceShape: Shape<Evidence> = record({
  kind: oneOf(EVIDENCE_KINDS),
  authority: identityText,
  epoch: integer(0, MAX_COUNTER),
  revision: integer(1, MAX_COUNTER),
  first: bytes(1, MAX_HEAD_BYTES * 2),
  second: bytes(1, MAX_HEAD_BYTES * 2),
});

export interface EvidenceBook {
  /** False when this fault is known. */
  add(evidence: Evidence): boolean;
  all(): readonly Evidence[];
}

export function createEvidenceBook(stored: readonly Evidence[]): EvidenceBook {
  const kept = stored.slice(-MAX_EVIDENCE);
  return {
    add: (evidence) => {
      if (kept.some((known) => faultOf(known) === faultOf(evidence))) return false;
      kept.push(evidence);
      if (kept.length > MAX_EVIDENCE) kept.shift();
      return true;
    },
    all: () => kept,
  };
}

function faultOf({ kind, authority, epoch, revision }: Evidence): string {
  return `${kind} ${authority} ${epoch} ${revision}`;
}
