import type { SlaTier } from '@fog/wire';
import type { JobRecord } from '../job/job-record.ts';
import { SlaBook } from './sla-book.ts';

/** What an open job that named its tier got so far. */
export interface PromisedJob {
  readonly tier: SlaTier;
  /** Its wait is over. */
  hasBegun: boolean;
  /** That it waits too long is recorded already. */
  isToldLate: boolean;
  failedTasks: number;
  attempts: number;
  failedAttempts: number;
}

export interface SlaState {
  readonly book: SlaBook;
  readonly promised: Map<JobRecord, PromisedJob>;
}

export function newSlaState(): SlaState {
  return { book: new SlaBook(), promised: new Map() };
}

/** Nothing for a job that names no tier, or is a service. */
export function addPromised(
  state: SlaState,
  job: JobRecord,
  known: Partial<PromisedJob> = {},
): void {
  const { tier, service } = job.spec;
  if (tier === undefined || service === true) return;
  state.promised.set(job, {
    tier,
    hasBegun: job.startedAt !== undefined,
    isToldLate: false,
    failedTasks: 0,
    attempts: 0,
    failedAttempts: 0,
    ...known,
  });
}
