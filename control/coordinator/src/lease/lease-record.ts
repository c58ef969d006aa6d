import type { Phase } from '@fog/wire';
import type { AttemptRow } from '@fog/store';
import type { JobRecord } from '../job/job-record.ts';

/** One issued lease of an open task. */
export interface LeaseRecord {
  /** Fencing token. */
  readonly token: number;
  readonly job: JobRecord;
  readonly index: number;
  readonly attempt: number;
  readonly node: string;
  readonly leasedAt: number;
  /** Monotonic milliseconds. */
  expiresAtMs: number;
  /** `lost`: back in the queue; its result still counts until a newer token is issued. */
  state: 'leased' | 'lost';
  phase: Phase | undefined;
  /** Content sent under it, with sizes. */
  readonly uploads: Map<string, number>;
}

export function attemptRow(
  lease: LeaseRecord,
  end: Pick<AttemptRow, 'state'> & Partial<Pick<AttemptRow, 'ended_at' | 'failure' | 'outcome'>>,
): AttemptRow {
  return {
    token: lease.token,
    job: lease.job.id,
    idx: lease.index,
    number: lease.attempt,
    node: lease.node,
    leased_at: lease.leasedAt,
    ended_at: null,
    failure: null,
    outcome: null,
    ...end,
  };
}
