/**
 * Holds what happens to jobs against what their tier promises. A job that names no tier is served as bronze and
 * promised nothing. Services are measured by the health of their deployment.
 */
import type { Outcome, SlaTier } from '@fog/wire';
import type { Core } from '../core.ts';
import type { JobRecord } from '../job/job-record.ts';
import { noteEvidence } from '../verify/evidence.ts';
import { judgeEnd, judgeWait } from './judge-job.ts';
import { addPromised, type PromisedJob } from './sla-state.ts';
import { recordBreach } from './record-breach.ts';

/** The job is open: from now on it is watched. */
export function watchJob({ sla }: Core, job: JobRecord): void {
  if (!sla.promised.has(job)) addPromised(sla, job);
}

/** Its first task runs, on that node. */
export function noteBegun(core: Core, job: JobRecord, node: string | undefined): void {
  const promised = core.sla.promised.get(job);
  if (promised?.hasBegun === false) endWait(core, job, promised, node);
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

/** `isGood`: a result came of it that counts, whatever the program did. */
export function noteAttempt(core: Core, job: JobRecord, isGood: boolean): void {
  const promised = core.sla.promised.get(job);
  if (promised === undefined) return;
  const counts = core.sla.book.at(promised.tier, core.clock.now());
  counts.attempts += 1;
  promised.attempts += 1;
  if (isGood) return;
  counts.failedAttempts += 1;
  promised.failedAttempts += 1;
}

/** The job has ended, however. The wait of one that never began counts only if it was too long. */
export function noteEnded(core: Core, job: JobRecord): void {
  const promised = core.sla.promised.get(job);
  if (promised === undefined) return;
  const { tier, hasBegun } = promised;
  if (!hasBegun && judgeWait(tier, waitedMs(core, job)) !== undefined) {
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
    if (promised.hasBegun || promised.isToldLate) continue;
    const { tier } = promised;
    const finding = judgeWait(tier, waitedMs(core, job));
    if (finding === undefined) continue;
    recordBreach(core, job, { tier, ...finding }, true);
    promised.isToldLate = true;
  }
}

/** How long the jobs of the tier that have not begun wait by now. */
export function waitsOf(core: Core, tier: SlaTier): number[] {
  const waits: number[] = [];
  for (const [job, promised] of core.sla.promised) {
    if (promised.tier === tier && !promised.hasBegun) waits.push(waitedMs(core, job));
  }
  return waits;
}

function endWait(
  core: Core,
  job: JobRecord,
  promised: PromisedJob,
  node: string | undefined,
): void {
  const { tier, isToldLate } = promised;
  const waitMs = waitedMs(core, job);
  promised.hasBegun = true;
  core.sla.book.started(tier, waitMs, core.clock.now());
  const finding = judgeWait(tier, waitMs);
  const wait = node === undefined ? undefined : nodeWait(core, job, node);
  const isNodesFault = wait !== undefined && judgeWait(tier, wait.ms) !== undefined;
  if (wait !== undefined) {
    const source = { job: job.id, token: wait.token, tookMs: wait.ms };
    noteEvidence(core, { node: wait.node, kind: 'latency', isGood: !isNodesFault, source });
  }
  if (finding === undefined) return;
  const breach = { tier, ...finding, node: isNodesFault ? node : undefined };
  recordBreach(core, job, breach, !isToldLate);
}

/**
 * How long the node had the task before it ran. Undefined when it had more than it has slots for: the fog gave
 * it that work ahead, and the wait is the fog's.
 */
function nodeWait(
  { clock, nodes }: Core,
  job: JobRecord,
  node: string,
): { readonly node: string; readonly ms: number; readonly token: number } | undefined {
  const record = nodes.get(node);
  const lease = job.leases.values().find((each) => each.node === node);
  if (record === undefined || lease === undefined) return undefined;
  if (record.leases.size > record.capabilities.slots) return undefined;
  return { node, ms: Math.max(0, clock.now() - lease.leasedAt), token: lease.token };
}

/** Since it could have been placed; one that waits for other jobs does not wait for the fog. */
function waitedMs({ clock }: Core, { state, queuedAt, createdAt }: JobRecord): number {
  if (state === 'submitted') return 0;
  return Math.max(0, clock.now() - (queuedAt ?? createdAt));
}
