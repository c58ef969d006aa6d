/** The copies of one task and what they voted. Only tasks that are compared have a ballot. */
import { type FailureCode, type Outcome, resultDigest } from '@fog/wire';
import type { LeaseRecord } from '../lease/lease-record.ts';
import type { JobRecord } from '../job/job-record.ts';
import { HASHING } from './hashing.ts';
import type { Proof } from './proofs.ts';

export interface Vote {
  readonly lease: LeaseRecord;
  /** Who is heard once: an owner, or a node of the submitter's own where the job allows that. */
  readonly voter: string;
  /** Account of the node's owner. */
  readonly owner: string;
  readonly outcome: Outcome;
  readonly endedAt: number;
  /** Of the result; undefined when the run says nothing about the program. */
  readonly digest: string | undefined;
  readonly proof: Proof;
  /** Evidence has been drawn from it. */
  judged: boolean;
}

export interface Ballot {
  /** Live leases of copies beside the task's first. */
  readonly copies: Set<LeaseRecord>;
  /** Copies asked for and not yet issued. */
  wanted: number;
  /** Copies that were lost; bounds how often they are replaced. */
  lost: number;
  readonly votes: Vote[];
  /** The vote the task ended with. */
  accepted: Vote | undefined;
  /** What the coordinator's own run gave; `unclear` when that says nothing either. */
  truth: 'unasked' | 'asked' | 'unclear' | { readonly digest: string };
  /** The disagreement was announced. */
  told: boolean;
}

/** Ends of a run that depend on the machine: they are no vote and no evidence. */
const INCONCLUSIVE: ReadonlySet<FailureCode> = new Set([
  'TIMEOUT',
  'MEMORY_LIMIT',
  'OUTPUT_LIMIT',
  'DISK_LIMIT',
  'CALL_DEPTH',
  'FUEL_LIMIT',
]);

export function newBallot(): Ballot {
  return {
    copies: new Set(),
    wanted: 0,
    lost: 0,
    votes: [],
    accepted: undefined,
    truth: 'unasked',
    told: false,
  };
}

export function ballotOf(job: JobRecord, index: number): Ballot {
  const known = job.ballots.get(index);
  if (known !== undefined) return known;
  const ballot = newBallot();
  job.ballots.set(index, ballot);
  return ballot;
}

/** Undefined for an end that depends on the machine. */
export function comparableDigest(outcome: Outcome): string | undefined {
  const { failure } = outcome;
  if (failure !== undefined && (failure.class === 'fog' || INCONCLUSIVE.has(failure.code))) {
    return undefined;
  }
  return resultDigest(outcome, HASHING);
}

export function voterOf(
  job: Pick<JobRecord, 'owner' | 'spec'>,
  node: { readonly id: string; readonly owner: string },
): string {
  const isOwn = job.spec.allowSameOwner === true && node.owner === job.owner;
  return isOwn ? `node ${node.id}` : `owner ${node.owner}`;
}

/** Results of a strict job can be compared byte for byte. */
export function isComparable(job: JobRecord): boolean {
  return job.spec.determinism === 'strict';
}

export function isReplicated(job: Pick<JobRecord, 'spec'>): boolean {
  return job.spec.class === 'S' || job.spec.class === 'A';
}
