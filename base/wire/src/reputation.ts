/** What a fog has seen of a node, and what it makes of it. */
import { z } from 'zod';
import { NodeId } from './ids.ts';

/**
 * `result`, `known_answer`, `manifest`, `dispute`: the work was right or wrong; `availability`, `latency`: it
 * came, and in time; `relay_loss`, `delay_audit`: what measurements of the mixnet say.
 */
export const EVIDENCE_KINDS = [
  'result',
  'known_answer',
  'manifest',
  'availability',
  'latency',
  'relay_loss',
  'delay_audit',
  'dispute',
] as const;
export const EvidenceKind = z.enum(EVIDENCE_KINDS);
export type EvidenceKind = z.infer<typeof EvidenceKind>;

/** Lower bound of its reputation a node needs for a class of work. */
export const TRUST_GATES = { S: 0.95, A: 0.85 } as const;

/** Faded counts of one kind. */
export const KindTrust = z.strictObject({
  kind: EvidenceKind,
  good: z.number().nonnegative(),
  bad: z.number().nonnegative(),
  /** Of `good`, what counts after the credibility of who says so. */
  credible: z.number().nonnegative(),
});
export type KindTrust = z.infer<typeof KindTrust>;

export const EvidenceRecord = z.strictObject({
  id: z.int(),
  time: z.int(),
  kind: z.string(),
  good: z.boolean(),
  weight: z.number(),
  /** Account that says so, or `fog`. */
  rater: z.string(),
  /** What it rests on: job, task, lease, digests. */
  source: z.record(z.string(), z.unknown()),
});
export type EvidenceRecord = z.infer<typeof EvidenceRecord>;

/** Nodes whose work is known, that are too new for that, and that too much speaks against. */
export const TrustCounts = z.strictObject({
  known: z.int(),
  newcomers: z.int(),
  distrusted: z.int(),
});
export type TrustCounts = z.infer<typeof TrustCounts>;

/** `GET /nodes/{id}/trust`. */
export const NodeTrust = z.strictObject({
  node: NodeId,
  /** `relay`: a relay of a mixnet, by what is measured of it; it has no gates, and no results to check. */
  use: z.enum(['work', 'relay']),
  /** Expected share of right work. */
  score: z.number().min(0).max(1),
  /** With a probability of 95 % the share is above it. */
  lower: z.number().min(0).max(1),
  /** Observations behind it that have not faded. */
  effective: z.number().nonnegative(),
  /** Every result of it is checked. */
  newcomer: z.boolean(),
  /** Share of its results that are checked. */
  checked: z.number().min(0).max(1).optional(),
  kinds: z.array(KindTrust),
  gates: z.array(z.strictObject({ gate: z.string(), needs: z.number(), passes: z.boolean() })),
  /** The same numbers came out when all evidence was counted again from its log; absent where that takes too long. */
  recounted: z.boolean().optional(),
  /** Newest first. */
  evidence: z.array(EvidenceRecord),
});
export type NodeTrust = z.infer<typeof NodeTrust>;
