/**
 * The tail of a job: when all its tasks are given out and one runs far longer than those before it, a copy
 * runs elsewhere and the first result counts (Dean and Ghemawat, "MapReduce", 2004, §3.6).
 */
import type { Core } from '../core.ts';
import type { JobRecord } from '../job/job-record.ts';
import { hasFurtherNode, wantCopies } from '../verify/copies.ts';
import { copiesWanted } from '../verify/decide.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { LeaseRecord } from './lease-record.ts';

/** How late a straggler may be noticed. */
const LOOK_EVERY_MS = 1_000;
/** Times the usual run that make a straggler. */
const TIMES_USUAL = 3;
/** Shorter runs are over before a copy would begin. */
const LEAST_MS = 2_000;
/** Part of the tasks that must have ended before any is called late. */
const ENDED_SHARE = 0.5;
/** Copies of one job at once: the tail is short, and the slots are others' too. */
const MAX_AT_ONCE = 8;

export class Stragglers {
  readonly #core: Core;
  readonly #dispatcher: Dispatcher;
  #stop: (() => void) | undefined;

  constructor(core: Core, dispatcher: Dispatcher) {
    this.#core = core;
    this.#dispatcher = dispatcher;
  }

  start(): void {
    this.#stop = this.#core.clock.every(LOOK_EVERY_MS, () => {
      for (const job of this.#core.jobs.values()) if (isTail(job)) this.#look(job);
    });
  }

  stop(): void {
    this.#stop?.();
  }

  #look(job: JobRecord): void {
    const usualMs = this.#dispatcher.usualMs(job);
    if (usualMs === undefined) return;
    const limitMs = Math.max(LEAST_MS, TIMES_USUAL * usualMs);
    const nowMs = this.#core.clock.monotonicMs();
    let copies = job.ballots.size;
    for (const lease of job.leases.values()) {
      if (copies >= MAX_AT_ONCE) return;
      if (!isRunning(lease) || nowMs - lease.phaseSinceMs < limitMs) continue;
      if (job.ballots.has(lease.index)) continue;
      if (!hasFurtherNode(this.#dispatcher, job, lease.index, [lease.node])) continue;
      const cause = `it runs for more than ${TIMES_USUAL} times the usual ${Math.round(usualMs)} ms; a copy runs elsewhere`;
      this.#core.events.add(job, 'straggler', { index: lease.index, node: lease.node, cause });
      wantCopies(this.#dispatcher, job, lease.index, 1);
      copies += 1;
    }
  }
}

function isTail(job: JobRecord): boolean {
  const { board, spec } = job;
  if (board.total < 2 || copiesWanted(spec) > 1 || spec.service === true) return false;
  if (board.count('leased') === 0 || board.count('queued') > 0) return false;
  return board.count('settled') + board.count('failed') >= board.total * ENDED_SHARE;
}

function isRunning({ state, phase }: LeaseRecord): boolean {
  return state === 'leased' && phase === 'running';
}
