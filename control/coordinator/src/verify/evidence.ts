/** Evidence about nodes: written once, never changed; reputation is computed from these rows alone. */
import type { Core } from '../core.ts';
import type { Dispatcher } from '../lease/dispatcher.ts';
import type { Vote } from './ballot.ts';

export type EvidenceKind = 'result' | 'known_answer' | 'manifest';

/** What raises or ends a node's credit. */
export const CREDIT_KINDS: EvidenceKind[] = ['result', 'known_answer'];
/** A proven lie weighs as much as this many right results. */
const LIE_WEIGHT = 5;
/** What the fog itself found, as against what an account says. */
const RATER = 'fog';
/** A node that lied gets no work for this long; afterwards every result of it is checked again. */
const LIE_COOL_DOWN_MS = 3_600_000;

interface Observation {
  readonly node: string;
  readonly kind: EvidenceKind;
  readonly isGood: boolean;
  readonly weight?: number;
  readonly source: Readonly<Record<string, unknown>>;
}

export function noteEvidence(core: Core, seen: Observation): void {
  core.verify.lastEvidence += 1;
  core.journal.evidence({
    id: core.verify.lastEvidence,
    time: core.clock.now(),
    node: seen.node,
    kind: seen.kind,
    good: seen.isGood ? 1 : 0,
    weight: seen.weight ?? 1,
    rater: RATER,
    source: JSON.stringify(seen.source),
  });
}

/** The vote was right, and another voter says so. */
export function credit(core: Core, vote: Vote, kind: 'result' | 'known_answer'): void {
  if (vote.judged) return;
  vote.judged = true;
  const { node } = vote.lease;
  core.verify.proven.set(node, (core.verify.proven.get(node) ?? 0) + 1);
  noteEvidence(core, { node, kind, isGood: true, source: sourceOf(vote) });
}

/**
 * The vote was wrong, and that is proven by another owner's run and the coordinator's own: the node is
 * left alone for a while, what it holds is taken back, and its credit is gone.
 */
export function blame(
  core: Core,
  dispatcher: Dispatcher,
  vote: Vote,
  proof: { readonly kind: 'result' | 'known_answer'; readonly expected: string },
): void {
  if (vote.judged) return;
  vote.judged = true;
  const { node: id } = vote.lease;
  core.verify.counts.liesProven += 1;
  core.verify.proven.set(id, 0);
  const source = { ...sourceOf(vote), expected: proof.expected };
  noteEvidence(core, { node: id, kind: proof.kind, isGood: false, weight: LIE_WEIGHT, source });
  core.logger.warn('a node gave a wrong result', { node: id, lease: vote.lease.token });
  const node = core.nodes.get(id);
  if (node === undefined) return;
  const until = core.clock.now() + LIE_COOL_DOWN_MS;
  node.breaker = { state: 'open', failures: node.breaker.failures + 1, until };
  core.journal.node(node);
  dispatcher.takeBack(node, 'its node gave a wrong result');
}

function sourceOf({ lease, proof, digest }: Vote): Record<string, unknown> {
  return {
    job: lease.job.id,
    ...(lease.alias === undefined ? {} : { alias: lease.alias }),
    index: lease.index,
    token: lease.token,
    manifest: proof.digest,
    batch: proof.batch,
    result: digest,
  };
}
