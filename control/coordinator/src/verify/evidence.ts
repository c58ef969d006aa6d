/** Evidence about nodes: written once, never changed; reputation is computed from these rows alone. */
import { FOG_RATER, LIE_WEIGHT } from '@fog/reputation';
import type { EvidenceKind } from '@fog/wire';
import type { EvidenceRow } from '@fog/store';
import type { Core } from '../core.ts';
import type { Dispatcher } from '../lease/dispatcher.ts';
import { nodeView } from '../registry/node-record.ts';
import { evidenceOf, reputationRow } from '../reputation/evidence-log.ts';
import type { Vote } from './ballot.ts';

/** A node that lied gets no work for this long; afterwards every result of it is checked again. */
const LIE_COOL_DOWN_MS = 3_600_000;

interface Observation {
  readonly node: string;
  readonly kind: EvidenceKind;
  readonly isGood: boolean;
  readonly weight?: number;
  /** Account that says so; absent: the fog itself. */
  readonly rater?: string;
  readonly source: Readonly<Record<string, unknown>>;
}

export function noteEvidence(core: Core, seen: Observation): void {
  const { journal, reputation, verify } = core;
  verify.lastEvidence += 1;
  const evidence: EvidenceRow = {
    id: verify.lastEvidence,
    time: core.clock.now(),
    node: seen.node,
    owner: core.nodes.get(seen.node)?.owner ?? '',
    kind: seen.kind,
    good: seen.isGood ? 1 : 0,
    weight: seen.weight ?? 1,
    rater: seen.rater ?? FOG_RATER,
    source: JSON.stringify(seen.source),
  };
  const { row, dropped, ignored } = reputation.apply(evidenceOf(evidence));
  // A busy pair of owners says thousands of times a second what counts twenty times a day.
  if (ignored !== undefined && ignored !== 'jump') return;
  journal.evidence(evidence);
  if (row !== undefined) journal.reputation(reputationRow(row));
  if (row !== undefined && dropped !== undefined) {
    journal.reputationGone({ node: row.node, kind: row.kind, rater: dropped });
  }
  if (!seen.isGood) tellTrust(core, seen.node);
}

/** Those who watch the nodes see what a wrong result costs. */
function tellTrust(core: Core, id: string): void {
  const node = core.nodes.get(id);
  if (node !== undefined) core.listeners.node(nodeView(core, node));
}

/** The vote was right; another owner's run says so, or the coordinator's own. */
export function credit(
  core: Core,
  vote: Vote,
  proof: { readonly kind: 'result' | 'known_answer'; readonly rater?: string },
): void {
  if (vote.judged) return;
  vote.judged = true;
  const { node } = vote.lease;
  noteEvidence(core, { node, ...proof, isGood: true, source: sourceOf(vote) });
}

/** Of those who confirm a vote the most credible other owner; its own when there is no other, which proves nothing. */
export function witnessOf(core: Core, { owner }: Vote, confirming: readonly string[]): string {
  const others = confirming.filter((one) => one !== owner);
  const [first, ...rest] = others;
  if (first === undefined) return owner;
  const credible = (one: string): number => core.reputation.credibility(one);
  return rest.reduce((best, one) => (credible(one) > credible(best) ? one : best), first);
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
