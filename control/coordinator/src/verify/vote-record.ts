/** Votes as they are made from results, and as they are stored. */
import type { Outcome } from '@fog/wire';
import type { Core } from '../core.ts';
import { attemptRow, type LeaseRecord } from '../lease/lease-record.ts';
import { comparableDigest, type Vote, voterOf } from './ballot.ts';
import type { Proof } from './proofs.ts';

export interface ProvenResult {
  readonly outcome: Outcome;
  readonly proof: Proof;
}

export function newVote(core: Core, lease: LeaseRecord, { outcome, proof }: ProvenResult): Vote {
  const owner = core.nodes.get(lease.node)?.owner ?? '';
  return {
    lease,
    owner,
    voter: voterOf(lease.job, { id: lease.node, owner }),
    outcome,
    proof,
    endedAt: core.clock.now(),
    digest: comparableDigest(outcome),
    judged: false,
  };
}

/** Keeps the outcome of every vote but those that only repeat another. */
export function writeVote(core: Core, vote: Vote, state: 'held' | 'agreed' | 'outvoted'): void {
  const { lease, outcome, proof, endedAt } = vote;
  core.journal.attempt(
    attemptRow(lease, {
      state,
      ended_at: endedAt,
      failure: outcome.failure === undefined ? null : JSON.stringify(outcome.failure),
      outcome: state === 'agreed' ? null : JSON.stringify(outcome),
      proof,
    }),
  );
}
