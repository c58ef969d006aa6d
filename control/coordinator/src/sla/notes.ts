/**
 * Holds what happens to jobs against what their tier promises. A job that names no tier is served as bronze and
 * promised nothing. Services are measured by the health of their deployment.
 */
import type { Outcome, SlaTier } from '@fog/wire';
import type { Core } from '../core.ts';
import type { JobRecord } from '../job/job-record.ts';
import type { LeaseRecord } from '../lease/lease-record.ts';
import { noteEvidence } from '../verify/evidence.ts';
import { judgeEnd, judgeWait } from './judge-job.ts';
import { spanOf } from './wait-counts.ts';
import { addPromised, type PromisedJob } from './sla-state.ts';
import { recordBreach } from './record-breach.ts';

/** The job is open: from now on it is watched. */
export function watchJob({ sla }: Core, job: JobRecord): void {
  if (!sla.promised.has(job)) addPromised(sla, job);
}

/** It could be placed from now on. */
export function noteQueued(core: Core, job: JobRecord): void {
  const promised = core.sla.promised.get(job);
  if (promised !== undefined) waitedMs(core, job, promised);
}

/** A task of it runs, under that lease where it is known. */
export function noteBegun(core: Core, job: JobRecord, lease: LeaseRecord | undefined): void {
  const promised = core.sla.promised.get(job);
  if (promised?.hasBegun === false) endWait(core, job, promised, lease);
}

export function noteTask(core: Core, job: JobRecord, { failure }: Outcome): void {
  const promised = core.sla.promised.get(job);
  if (promised === undefined) return;
  const counts = core.sla.book.at(promised.tier, core.clock.now());
  counts.tasks += 1;
  if (failure?.class !== 'fog') return;
  counts.failedTasks += 1;
  promised.failedTasks += 1;
}

/** A result came of the attempt that counts, whatever the program did: also of one that was taken for lost. */
export function noteResult(core: Core, { job, state }: LeaseRecord): void {
  if (state === 'lost') countAttempt(core, job, { attempts: 0, failed: -1 });
  else countAttempt(core, job, { attempts: 1, failed: 0 });
}

/** Nothing came of the attempt. */
export function noteLoss(core: Core, job: JobRecord): void {
  countAttempt(core, job, { attempts: 1, failed: 1 });
}

function countAttempt(
  core: Core,
  job: JobRecord,
  { attempts, failed }: { readonly attempts: number; readonly failed: number },
): void {
  const promised = core.sla.promised.get(job);
  if (promised === undefined) return;
  const counts = core.sla.book.at(promised.tier, core.clock.now());
  for (const each of [counts, promised]) {
    each.attempts += attempts;
    each.failedAttempts += failed;
  }
}

/** The job has ended, however. The wait of one that never began counts only if it was too long. */
export function noteEnded(core: Core, job: JobRecord): void {
  const promised = core.sla.promised.get(job);
  if (promised === undefined) return;
  const { tier, hasBegun } = promised;
  if (!hasBegun && judgeWait(tier, waitedMs(core, job, promised)) !== undefined) {
    endWait(core, job, promised, undefined);
  }
  for (const finding of judgeEnd(tier, { ...promised, tasks: job.board.total })) {
    recordBreach(core, job, { tier, ...finding }, true);
  }
  core.sla.promised.delete(job);
}

/** Jobs that have waited too long are told at once, not when they begin at last. */
export function lookAtWaiting(core: Core): void {
  for (const [job, promised] of core.sla.promised) {
    if (promised.hasBegun) continue;
    const { tier, isToldLate } = promised;
    const waitMs = waitedMs(core, job, promised);
    const finding = judgeWait(tier, waitMs);
    if (finding === undefined) continue;
    countLate(core, promised, spanOf(waitMs));
    if (isToldLate) continue;
    recordBreach(core, job, { tier, ...finding }, true);
    promised.isToldLate = true;
  }
}

/** Kept from look to look: whoever asks for the measures does not go through all that waits. */
function countLate({ sla }: Core, promised: PromisedJob, span: number | undefined): void {
  const { tier, lateSpan: before } = promised;
  if (before === span) return;
  const { waits } = sla.late[tier];
  if (before !== undefined) waits.set(before, (waits.get(before) ?? 0) - 1);
  if (span !== undefined) waits.set(span, (waits.get(span) ?? 0) + 1);
  sla.late[tier].lateStarts += Number(span !== undefined) - Number(before !== undefined);
  promised.lateSpan = span;
}

function endWait(
  core: Core,
  job: JobRecord,
  promised: PromisedJob,
  lease: LeaseRecord | undefined,
): void {
  const { tier, isToldLate } = promised;
  const waitMs = waitedMs(core, job, promised);
  promised.hasBegun = true;
  countLate(core, promised, undefined);
  core.sla.book.started(tier, waitMs, core.clock.now());
  const slow = lease === undefined ? undefined : slowNode(core, tier, lease);
  const finding = judgeWait(tier, waitMs);
  if (finding !== undefined) recordBreach(core, job, { tier, ...finding, node: slow }, !isToldLate);
}

/**
 * The node, if it had the task for longer than the promise before it ran: evidence either way. Nothing is said
 * of one that has more than slots for it: the fog gave it that work ahead, and the wait is the fog's.
 */
function slowNode(core: Core, tier: SlaTier, lease: LeaseRecord): string | undefined {
  const { node: id, token, leasedSinceMs } = lease;
  const node = core.nodes.get(id);
  if (node === undefined || node.leases.size > node.capabilities.slots) return undefined;
  const tookMs = Math.round(core.clock.monotonicMs() - leasedSinceMs);
  const isGood = judgeWait(tier, tookMs) === undefined;
  const source = { job: lease.job.id, token, tookMs };
  noteEvidence(core, { node: id, kind: 'latency', isGood, source });
  return isGood ? undefined : id;
}

/** Since it could have been placed; one that waits for other jobs does not wait for the fog. */
function waitedMs(
  { clock }: Core,
  { state, queuedAt, createdAt }: JobRecord,
  promised: PromisedJob,
): number {
  if (state === 'submitted') return 0;
  const nowMs = clock.monotonicMs();
  promised.waitSinceMs ??= nowMs - Math.max(0, clock.now() - (queuedAt ?? createdAt));
  return Math.round(nowMs - promised.waitSinceMs);
}
