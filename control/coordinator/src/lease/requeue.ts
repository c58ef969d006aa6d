/** What happens to a lease that will bring no result: its task goes back to the queue, or fails for good. */
import {
  DEMAND_DEFAULTS,
  type DisconnectPolicy,
  failedOutcome,
  type Failure,
  type FailureCode,
  type Outcome,
} from '@fog/wire';
import { type Core, forgetLease } from '../core.ts';
import { noteLoss } from '../sla/notes.ts';
import type { Dispatcher } from './dispatcher.ts';
import { copyGone, endUnvoted } from '../verify/tally.ts';
import { attemptRow, type LeaseRecord } from './lease-record.ts';

/** Wait before the second attempt; doubles with each further one, so that a broken node is not hammered. */
const RETRY_BASE_MS = 100;
/** Longest wait between attempts. */
const RETRY_MAX_MS = 10_000;

/** The node is silent, gone or late: the job says what happens to its task. */
export function disconnectLease(
  core: Core,
  dispatcher: Dispatcher,
  lease: LeaseRecord,
  cause: string,
): void {
  giveUp(core, dispatcher, lease, { cause, policy: lease.job.spec.disconnect });
}

/** The node will bring nothing. The task runs elsewhere at once. */
export function loseLease(
  core: Core,
  dispatcher: Dispatcher,
  lease: LeaseRecord,
  cause: string,
): void {
  giveUp(core, dispatcher, lease, { cause, policy: undefined });
}

/** The fog itself takes the work back, to run it elsewhere or later. */
export function recallLease(
  core: Core,
  dispatcher: Dispatcher,
  lease: LeaseRecord,
  cause: string,
): void {
  giveUp(core, dispatcher, lease, { cause, policy: undefined, isRecalled: true });
}

interface Loss {
  readonly cause: string;
  readonly policy: DisconnectPolicy | undefined;
  /** The fog took it back: nobody failed. */
  readonly isRecalled?: boolean;
}

function giveUp(
  core: Core,
  dispatcher: Dispatcher,
  lease: LeaseRecord,
  { cause, policy = DEMAND_DEFAULTS.disconnect, isRecalled = false }: Loss,
): void {
  if (lease.state === 'lost') return;
  lease.state = 'lost';
  detach(core, lease);
  const isCopy = isFurtherCopy(lease);
  if (!isCopy && lease.job.leases.get(lease.index) !== lease) return;
  core.journal.attempt(
    attemptRow(lease, {
      state: isRecalled ? 'recalled' : 'lost',
      ended_at: core.clock.now(),
      failure: isRecalled
        ? null
        : JSON.stringify({ class: 'fog', code: 'NODE_LOST', message: cause }),
    }),
  );
  if (lease.alias !== undefined) return forgetLease(core, lease);
  if (!isRecalled) noteLoss(core, lease.job);
  core.events.add(lease.job, 'lost', { index: lease.index, node: lease.node, cause });
  if (isCopy) return loseCopy(core, dispatcher, lease);
  const last = failedOutcome('NODE_LOST', cause);
  if (policy.onLost === 'fail') return endLost(core, dispatcher, lease, last);
  tryAgain(core, dispatcher, lease, {
    last,
    delayMs: policy.onLost === 'wait' ? policy.waitMs : 0,
  });
}

/** The job wants no second attempt of what may have run. */
function endLost(
  core: Core,
  dispatcher: Dispatcher,
  { job, index, node }: LeaseRecord,
  outcome: Outcome,
): void {
  if (job.board.stateOf(index) !== 'leased') return;
  endUnvoted(core, job, index, { outcome, node });
  dispatcher.kick();
}

/** The node reported that the fog, not the program, failed. */
export function failAttempt(
  core: Core,
  dispatcher: Dispatcher,
  lease: LeaseRecord,
  outcome: Outcome & { readonly failure: Failure },
): void {
  lease.state = 'lost';
  forgetLease(core, lease);
  core.journal.attempt(
    attemptRow(lease, {
      state: 'failed',
      ended_at: core.clock.now(),
      failure: JSON.stringify(outcome.failure),
    }),
  );
  if (lease.alias === undefined) noteLoss(core, lease.job);
  if (isFurtherCopy(lease)) return loseCopy(core, dispatcher, lease);
  if (lease.job.leases.get(lease.index) !== lease) return;
  const { attempt } = lease;
  const delayMs = Math.min(RETRY_MAX_MS, RETRY_BASE_MS * 2 ** (attempt - 1));
  tryAgain(core, dispatcher, lease, { last: outcome, delayMs });
}

/** The fog gives up on an attempt that its node has not ended. */
export function failAttemptFor(
  core: Core,
  dispatcher: Dispatcher,
  lease: LeaseRecord,
  why: { readonly code: FailureCode; readonly cause: string },
): void {
  const outcome = failedOutcome(why.code, why.cause);
  const failure = outcome.failure ?? { class: 'fog', code: why.code, message: why.cause };
  detach(core, lease);
  failAttempt(core, dispatcher, lease, { ...outcome, failure });
}

/** A copy beside the task's first, or a known answer: nothing waits for it. */
function isFurtherCopy(lease: LeaseRecord): boolean {
  if (lease.alias !== undefined) return true;
  return lease.job.ballots.get(lease.index)?.copies.has(lease) === true;
}

/** It counts no more, even if it comes: another may take its place. */
function loseCopy(core: Core, dispatcher: Dispatcher, lease: LeaseRecord): void {
  forgetLease(core, lease);
  if (lease.alias !== undefined) return;
  avoidNode(lease);
  copyGone(core, dispatcher, lease);
}

function avoidNode({ job, index, node }: LeaseRecord): void {
  const avoid = job.avoid.get(index) ?? new Set();
  job.avoid.set(index, avoid.add(node));
}

function detach(core: Core, lease: LeaseRecord): void {
  core.nodes.get(lease.node)?.leases.delete(lease.token);
  core.live.forget(lease.token);
}

function tryAgain(
  core: Core,
  dispatcher: Dispatcher,
  lease: LeaseRecord,
  attempt: { readonly last: Outcome; readonly delayMs: number },
): void {
  const { job, index } = lease;
  const { last, delayMs } = attempt;
  if (job.board.stateOf(index) !== 'leased') return;
  const attempts = job.board.attempts(index);
  const free = (job.preemptions.get(index) ?? 0) + (job.copyAttempts.get(index) ?? 0);
  if (attempts - free > job.spec.retries) {
    // While copies run, the task may yet end well.
    if ((job.ballots.get(index)?.copies.size ?? 0) > 0) return job.board.hold(index);
    const why = last.failure?.message ?? 'unknown';
    endUnvoted(core, job, index, {
      outcome: { ...last, failure: exhausted(last, attempts, why) },
      node: lease.node,
    });
    return dispatcher.kick();
  }
  avoidNode(lease);
  job.board.requeue(index);
  if (job.board.count('leased') === 0) {
    job.state = 'queued';
    core.journal.job(job);
  }
  core.events.add(job, 'requeued', { index, cause: last.failure?.message ?? 'the attempt failed' });
  const again = (): void => {
    job.board.giveBack(index);
    dispatcher.enqueue(job);
    dispatcher.kick();
  };
  if (delayMs === 0) again();
  else core.clock.after(delayMs, again);
}

function exhausted(last: Outcome, attempts: number, why: string): Failure {
  return {
    class: 'fog',
    code: last.failure?.code ?? 'NODE_LOST',
    message: `given up after ${attempts} attempts; the last one: ${why}`,
  };
}
