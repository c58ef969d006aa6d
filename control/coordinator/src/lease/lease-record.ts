import { type Attempt, type Phase, runningLimitMs } from '@fog/wire';
import type { AttemptRow } from '@fog/store';
import type { Core } from '../core.ts';
import type { JobRecord } from '../job/job-record.ts';
import { ATTEMPT_MARGIN_MS } from '../limits.ts';
import type { Proof } from '../verify/proofs.ts';

/** One issued lease of an open task. */
export interface LeaseRecord {
  /** Fencing token. */
  readonly token: number;
  readonly job: JobRecord;
  readonly index: number;
  readonly attempt: number;
  readonly kind: NonNullable<Attempt['kind']>;
  /** Id under which the node knows the job, when it must not know which it is. */
  readonly alias: string | undefined;
  readonly node: string;
  readonly leasedAt: number;
  /** Monotonic milliseconds; after a restart that of the restart. */
  readonly leasedSinceMs: number;
  /** Monotonic milliseconds; moved on by each renewal. */
  expiresAtMs: number;
  /** Monotonic milliseconds; no renewal moves it. */
  readonly deadlineMs: number;
  /** `lost`: back in the queue; its result still counts until a newer token is issued. */
  state: 'leased' | 'lost';
  phase: Phase | undefined;
  /** Monotonic milliseconds of the last change of phase. */
  phaseSinceMs: number;
  /** Content sent under it, with sizes. */
  readonly uploads: Map<string, number>;
}

/** States of attempts whose result the store has and which counted, or may. */
export const COUNTED: ReadonlySet<string> = new Set(['accepted', 'held', 'agreed', 'outvoted']);

export function attemptRow(
  lease: LeaseRecord,
  end: Pick<AttemptRow, 'state'> &
    Partial<Pick<AttemptRow, 'ended_at' | 'failure' | 'outcome'>> & {
      readonly proof?: Proof;
    },
): AttemptRow {
  const { proof, ...row } = end;
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
    kind: lease.kind,
    digest: proof?.digest ?? null,
    batch: proof?.batch ?? null,
    runtime_version: proof?.runtimeVersion ?? null,
    ...row,
  };
}

/** When a lease issued now ends without renewal, and when at the latest. */
export function leaseTimes(
  core: Core,
  job: JobRecord,
): Pick<LeaseRecord, 'leasedSinceMs' | 'expiresAtMs' | 'deadlineMs' | 'phaseSinceMs'> {
  const nowMs = core.clock.monotonicMs();
  return {
    leasedSinceMs: nowMs,
    phaseSinceMs: nowMs,
    expiresAtMs: nowMs + core.options.leaseMs,
    deadlineMs: nowMs + runningLimitMs(job.spec) + ATTEMPT_MARGIN_MS,
  };
}
