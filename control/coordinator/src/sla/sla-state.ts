import type { SlaTier } from '@fog/wire';
import type { JobRecord } from '../job/job-record.ts';
import { newCounts, SlaBook, type SlaCounts } from './sla-book.ts';

/** What an open job that named its tier got so far. */
export interface PromisedJob {
  readonly tier: SlaTier;
  /** Since when it could have been placed, in monotonic milliseconds: a clock set anew is nobody's delay. */
  waitSinceMs: number | undefined;
  /** Its wait is over. */
  hasBegun: boolean;
  /** That it waits too long is recorded already. */
  isToldLate: boolean;
  /** Where its wait counts among the late ones; undefined while it does not. */
  lateSpan: number | undefined;
  failedTasks: number;
  attempts: number;
  failedAttempts: number;
}

export interface SlaState {
  readonly book: SlaBook;
  readonly promised: Map<JobRecord, PromisedJob>;
  /** Waits of the jobs that have not begun and are late, as they stood at the last look. */
  readonly late: Readonly<Record<SlaTier, SlaCounts>>;
}

export function newSlaState(): SlaState {
  const late = {
    bronze: newCounts(),
    silver: newCounts(),
    gold: newCounts(),
    platinum: newCounts(),
  };
  return { book: new SlaBook(), promised: new Map(), late };
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
    waitSinceMs: undefined,
    hasBegun: job.startedAt !== undefined,
    isToldLate: false,
    lateSpan: undefined,
    failedTasks: 0,
    attempts: 0,
    failedAttempts: 0,
    ...known,
  });
}
