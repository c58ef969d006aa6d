/** New leases: their token, their place in memory and in the store. */
import { type Core } from '../core.ts';
import type { JobRecord } from '../job/job-record.ts';
import type { NodeRecord } from '../registry/node-record.ts';
import { isSpeculative } from '../verify/copies.ts';
import { attemptRow, type LeaseRecord, leaseTimes } from './lease-record.ts';

export interface LeaseOrder {
  readonly job: JobRecord;
  readonly index: number;
  readonly node: NodeRecord;
}

/** The task's own run: its result is the task's, unless the class wants more. */
export function issueFirst(core: Core, order: LeaseOrder): LeaseRecord {
  const { job, index, node } = order;
  const attempt = job.board.lease(index);
  const lease = newLease(core, order, { attempt, kind: 'first', alias: undefined });
  job.leases.set(index, lease);
  job.tokens.add(lease.token);
  if (job.state === 'queued') {
    job.state = 'placing';
    core.journal.job(job);
    core.events.add(job, 'placing', { node: node.id });
  }
  return lease;
}

/** A copy that the task's ballot wants. One of a task that has ended outlives its job. */
export function issueCopy(core: Core, order: LeaseOrder): LeaseRecord | undefined {
  const { job, index } = order;
  const ballot = job.ballots.get(index);
  if (ballot === undefined || ballot.wanted === 0) return undefined;
  ballot.wanted -= 1;
  const isCheck = job.board.hasEnded(index);
  const attempt = job.board.leaseCopy(index);
  job.copyAttempts.set(index, (job.copyAttempts.get(index) ?? 0) + 1);
  const isFaster = !isCheck && isSpeculative(job, ballot);
  const kind = isCheck ? 'check' : isFaster ? 'speculative' : 'copy';
  const lease = newLease(core, order, { attempt, kind, alias: undefined });
  ballot.copies.add(lease);
  if (!isCheck) job.tokens.add(lease.token);
  return lease;
}

/** A settled task once more, as the first attempt of a job nobody submitted. */
export function issueAlias(core: Core, order: LeaseOrder, alias: string): LeaseRecord {
  return newLease(core, order, { attempt: 1, kind: 'known-answer', alias });
}

function newLease(
  core: Core,
  { job, index, node }: LeaseOrder,
  what: Pick<LeaseRecord, 'attempt' | 'kind' | 'alias'>,
): LeaseRecord {
  core.lastToken += 1;
  const lease: LeaseRecord = {
    token: core.lastToken,
    job,
    index,
    ...what,
    node: node.id,
    leasedAt: core.clock.now(),
    ...leaseTimes(core, job),
    state: 'leased',
    phase: undefined,
    uploads: new Map(),
  };
  core.leases.set(lease.token, lease);
  node.leases.set(lease.token, lease);
  core.journal.attempt(attemptRow(lease, { state: 'leased' }));
  return lease;
}
