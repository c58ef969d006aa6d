/** Transitions of a job: what changes in memory, what is stored, what is announced. */
import {
  type Failure,
  FAILURES,
  type JobState,
  type Outcome,
  type Phase,
  type Verification,
} from '@fog/wire';
import { type Core, forgetLease, wakeAfterCommit } from '../core.ts';
import { attemptRow, type LeaseRecord } from '../lease/lease-record.ts';
import { noteBegun, noteEnded, noteTask } from '../sla/notes.ts';
import type { JobRecord } from './job-record.ts';

const PHASE_ORDER: Readonly<Record<Phase, number>> = { staging: 1, running: 2, uploading: 3 };

/** A node reports where a task stands. An array is `running` as soon as one task is; a single job shows each phase. */
export function phaseReached(core: Core, job: JobRecord, phase: Phase, node: string): void {
  const single = job.board.total === 1;
  const shown: JobState = single ? phase : 'running';
  if (!single && phase !== 'running') return;
  const before = PHASE_ORDER[job.state as Phase] ?? 0;
  if (before >= PHASE_ORDER[phase]) return;
  job.state = shown;
  core.journal.job(job);
  core.events.add(job, shown, { node });
}

/** A task runs, whichever of its copies it is. */
export function copyRuns(core: Core, lease: LeaseRecord): void {
  const { job } = lease;
  if (job.startedAt !== undefined) return;
  job.startedAt = core.clock.now();
  noteBegun(core, job, lease);
  core.journal.job(job);
}

/** Stores the end of one task; ends the job with its last one. */
export function endTask(
  core: Core,
  job: JobRecord,
  index: number,
  end: {
    readonly outcome: Outcome;
    readonly node: string | null;
    readonly verification?: Verification | undefined;
  },
): void {
  const { outcome } = end;
  const state = outcome.exitCode === 0 ? 'settled' : 'failed';
  const lease = job.leases.get(index);
  noteBegun(core, job, lease?.node === end.node ? lease : undefined);
  job.startedAt ??= core.clock.now();
  job.board.end(index, state);
  job.leases.delete(index);
  job.avoid.delete(index);
  job.preemptions.delete(index);
  job.copyAttempts.delete(index);
  noteTask(core, job, outcome);
  core.journal.result({
    job: job.id,
    idx: index,
    state,
    node: end.node,
    attempts: job.board.attempts(index),
    outcome: JSON.stringify(outcome),
    verification: end.verification === undefined ? null : JSON.stringify(end.verification),
    ended_at: core.clock.now(),
  });
  if (state === 'failed') noteFailure(core, job, index, outcome);
  if (job.board.open === 0) endJob(core, job);
  else if (job.state === 'placing') {
    job.state = 'running';
    core.events.add(job, 'running', end.node === null ? {} : { node: end.node });
  }
  core.journal.job(job);
  wakeAfterCommit(core, job);
}

function noteFailure(core: Core, job: JobRecord, index: number, outcome: Outcome): void {
  const failure: Failure = outcome.failure ?? {
    class: 'user',
    code: 'EXIT_CODE',
    message: `the program ended with exit code ${outcome.exitCode}`,
  };
  if (job.board.total > 1) {
    core.events.add(job, 'failed', { index, cause: failure.message });
  }
  if (job.lowestFailed !== undefined && job.lowestFailed < index) return;
  job.lowestFailed = index;
  job.exitCode = outcome.exitCode;
  job.failure = failure;
  job.cause = job.board.total > 1 ? `task ${index}: ${failure.message}` : failure.message;
}

function endJob(core: Core, job: JobRecord): void {
  const failed = job.board.count('failed') > 0;
  if (job.board.total === 1) core.events.add(job, 'verifying');
  finish(core, job, failed ? 'failed' : 'settled');
  if (!failed) job.exitCode = 0;
}

/** A person asked for it. */
export function cancelJob(core: Core, job: JobRecord, cause: string): void {
  const failure: Failure = { class: 'user', code: 'CANCELLED', message: cause };
  endUnrun(core, job, { state: 'cancelled', failure });
}

/** Ends the job and every open task of it without a result, and tells the nodes that hold them. */
export function endUnrun(
  core: Core,
  job: JobRecord,
  end: { readonly state: 'failed' | 'cancelled' | 'expired'; readonly failure: Failure },
): void {
  const { message, code } = end.failure;
  job.board.cancelOpen();
  const revoked = new Map<string, number[]>();
  for (const token of job.tokens) {
    const lease = core.leases.get(token);
    if (lease === undefined) continue;
    const tokens = revoked.get(lease.node) ?? [];
    revoked.set(lease.node, tokens);
    tokens.push(lease.token);
    // A lost attempt has ended; its node is told all the same, for it may still run it.
    if (lease.state === 'lost') continue;
    core.journal.attempt(attemptRow(lease, { state: 'cancelled', ended_at: core.clock.now() }));
  }
  for (const [node, tokens] of revoked) {
    core.nodes.get(node)?.link?.send({ type: 'cancel', tokens, reason: message.slice(0, 256) });
  }
  job.exitCode ??= FAILURES[code].exitCode;
  job.failure ??= end.failure;
  job.cause ??= message;
  finish(core, job, end.state);
  core.journal.job(job);
  wakeAfterCommit(core, job);
}

function finish(
  core: Core,
  job: JobRecord,
  state: 'settled' | 'failed' | 'cancelled' | 'expired',
): void {
  job.state = state;
  job.endedAt = core.clock.now();
  noteEnded(core, job);
  core.events.add(job, state, job.cause === undefined ? {} : { cause: job.cause });
  for (const token of job.tokens) {
    const lease = core.leases.get(token);
    if (lease !== undefined) forgetLease(core, lease);
  }
  core.journal.afterCommit(() => {
    if (!core.jobs.delete(job.id)) return;
    core.endedJobs += 1;
    for (const tell of core.onEnded) tell(job);
  });
}
