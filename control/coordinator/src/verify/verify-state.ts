import type { ArrayItem, JobSpec, Outcome } from '@fog/wire';
import type { JobRecord } from '../job/job-record.ts';
import type { KnownAnswer } from './known-answers.ts';
import type { RerunQueue } from './rerun-queue.ts';

/** A task as the coordinator runs it for itself. */
export interface Rerun {
  /** Id under which the program sees its job. */
  readonly job: string;
  /** Account the job belongs to. */
  readonly owner: string;
  readonly index: number;
  readonly item: ArrayItem | undefined;
  /** As an agent gets it. */
  readonly spec: JobSpec;
}

/** The coordinator's own sandbox. */
export interface Reexecution {
  /** Throws when the task cannot be run here at all. */
  run(task: Rerun, signal: AbortSignal): Promise<Outcome>;
}

/** Since the coordinator leads. */
export interface VerifyCounts {
  /** Results with no or a wrong signature. */
  forged: number;
  /** Results that were compared. */
  votes: number;
  /** Accepted results that were picked to be checked. */
  checks: number;
  /** Results several owners agreed on that the coordinator ran itself. */
  audits: number;
  /** Settled tasks that were asked again. */
  knownAnswers: number;
  disagreements: number;
  /** Runs in the coordinator's own sandbox. */
  reexecutions: number;
  liesProven: number;
}

export interface VerifyState {
  /** Uniform in [0, 1); nodes must not foresee it. */
  readonly random: () => number;
  readonly reruns: RerunQueue;
  /** Open tasks whose failure waits for a second owner. */
  readonly doubted: Map<string, { readonly job: JobRecord; readonly index: number }>;
  readonly knownAnswers: KnownAnswer[];
  /** Nodes that were silent, or let leases go, since presence was last judged. */
  readonly absent: Set<string>;
  readonly counts: VerifyCounts;
  lastBatch: number;
  lastEvidence: number;
}

export function newVerifyState(
  parts: Pick<VerifyState, 'random' | 'reruns' | 'lastBatch' | 'lastEvidence'>,
): VerifyState {
  return {
    ...parts,
    doubted: new Map(),
    knownAnswers: [],
    absent: new Set(),
    counts: {
      forged: 0,
      votes: 0,
      checks: 0,
      audits: 0,
      knownAnswers: 0,
      disagreements: 0,
      reexecutions: 0,
      liesProven: 0,
    },
  };
}
