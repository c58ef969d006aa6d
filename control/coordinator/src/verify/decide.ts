/** What the votes on an open task amount to. Pure. */
import { type JobSpec, type ServiceClass, TIER_PROMISES } from '@fog/wire';
import { MAX_COPIES } from '../limits.ts';
import type { Ballot, Vote } from './ballot.ts';

/** Copies a class starts with, and equal results by different voters that end the task. */
const RULES: Readonly<Record<ServiceClass, { readonly copies: number; readonly quorum: number }>> =
  {
    S: { copies: 3, quorum: 2 },
    A: { copies: 2, quorum: 2 },
    // A success counts at once. A failure brings a second copy: this is what it needs then.
    B: { copies: 2, quorum: 2 },
  };

export interface Poll {
  readonly class: ServiceClass;
  /** As `copiesWanted`. */
  readonly copies: number;
  /** Results can be compared byte for byte. */
  readonly comparable: boolean;
  readonly votes: readonly Vote[];
  /** Copies that run, or wait for a node. */
  readonly outstanding: number;
  /** Of these, copies that no node has. */
  readonly unissued: number;
  readonly truth: Ballot['truth'];
  /** A node that has no copy yet and may have one is connected. */
  readonly further: () => boolean;
}

export type Decision =
  | { readonly next: 'wait' | 'reexecute' | 'disagree' }
  | { readonly next: 'more'; readonly copies: number }
  | { readonly next: 'accept'; readonly vote: Vote; readonly unconfirmed: boolean };

const WAIT: Decision = { next: 'wait' };

export function copiesOf(kind: ServiceClass): number {
  return RULES[kind].copies;
}

/** Copies of each task that start together: as many as the class compares, or the tier promises. */
export function copiesWanted({ class: kind, tier, service }: JobSpec): number {
  if (service === true) return 1;
  const compared = kind === undefined || kind === 'B' ? 1 : copiesOf(kind);
  return Math.max(compared, tier === undefined ? 1 : TIER_PROMISES[tier].copies);
}

export function decide(poll: Poll): Decision {
  const agreed = poll.votes.find((vote) => votersFor(poll, vote) >= quorumFor(poll, vote));
  if (agreed !== undefined) return accept(agreed);
  if (poll.truth !== 'unasked') return byTruth(poll);
  const alone = poll.class === 'B' ? poll.votes[0] : undefined;
  const copies = Math.max(RULES[poll.class].copies, poll.copies);
  const missing = copies - poll.votes.length - poll.outstanding;
  if (missing > 0) {
    return alone !== undefined && poll.outstanding === 0 && !poll.further()
      ? accept(alone, true)
      : { next: 'more', copies: missing };
  }
  if (poll.outstanding > 0) {
    const isHopeless = poll.outstanding === poll.unissued && !poll.further();
    return alone !== undefined && isHopeless ? accept(alone, true) : WAIT;
  }
  return afterAllCopies(poll);
}

/** Every copy has come in and there is no quorum. */
function afterAllCopies(poll: Poll): Decision {
  const { votes } = poll;
  const [first] = votes;
  const last = votes.at(-1);
  if (first === undefined || last === undefined) return WAIT;
  if (votes.every(({ digest }) => digest === undefined)) return accept(first, !sameEnd(votes));
  if (!poll.comparable) return accept(last, last.outcome.exitCode !== 0);
  if (votes.length < MAX_COPIES && poll.further()) return { next: 'more', copies: 1 };
  return { next: 'reexecute' };
}

/** The copies cannot agree: the coordinator's own run decides. */
function byTruth({ truth, votes, class: kind }: Poll): Decision {
  if (truth === 'asked') return WAIT;
  const right =
    typeof truth === 'object' ? votes.find(({ digest }) => digest === truth.digest) : undefined;
  if (right !== undefined) return accept(right);
  const [first] = votes;
  return kind === 'B' && first !== undefined ? accept(first, true) : { next: 'disagree' };
}

function accept(vote: Vote, unconfirmed = false): Decision {
  return { next: 'accept', vote, unconfirmed };
}

function quorumFor({ class: kind }: Poll, { outcome }: Vote): number {
  return kind === 'B' && outcome.exitCode === 0 ? 1 : RULES[kind].quorum;
}

/** The votes for the same result as this one, itself among them; an inconclusive one has only itself. */
export function supporters(poll: Pick<Poll, 'votes' | 'comparable'>, vote: Vote): Vote[] {
  const key = keyOf(poll, vote);
  return poll.votes.filter(
    (one) => one === vote || (key !== undefined && keyOf(poll, one) === key),
  );
}

function votersFor(poll: Poll, vote: Vote): number {
  if (keyOf(poll, vote) === undefined) return 0;
  return new Set(supporters(poll, vote).map(({ voter }) => voter)).size;
}

/** What must be equal: the whole result where runs are strict, else only how it ended. */
function keyOf(
  { comparable }: Pick<Poll, 'comparable'>,
  { digest, outcome }: Vote,
): string | undefined {
  if (comparable || outcome.exitCode === 0) return digest;
  return `${outcome.exitCode} ${outcome.failure?.code}`;
}

function sameEnd(votes: readonly Vote[]): boolean {
  const voters = new Set(votes.map(({ voter }) => voter));
  const codes = new Set(votes.map(({ outcome }) => outcome.failure?.code));
  return voters.size > 1 && codes.size === 1;
}
