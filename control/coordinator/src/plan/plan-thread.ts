/**
 * The thread that searches for placements, seen from the main one. Started by the first batch; a thread that
 * ends of itself, or answers far too late, takes the batch it had with it, and the next batch gets another.
 */
import { Worker } from 'node:worker_threads';
import { type Clock, errorMessage, type Logger } from '@fog/kernel';
import { fail } from '../errors.ts';
import type { PlanAnswer, PlanReply, PlanRequest } from './plan-messages.ts';

/** Batches that wait for the thread; with more, the next are placed greedily. */
const MAX_WAITING_PLANS = 16;
/** Beyond the budget: for the start of the thread, what is copied to it, and a machine that is busy with tasks. */
const PLAN_GRACE_MS = 15_000;
/** A thread that dies at once is not started again at once. */
const RESTART_MS = 1_000;

export interface PlanThreadDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** What the thread runs, in place of its own program. */
  readonly planEntry?: URL | undefined;
}

interface Waiting {
  readonly request: PlanRequest;
  resolve(answer: PlanAnswer): void;
  reject(error: unknown): void;
}

export class PlanThread {
  readonly #deps: PlanThreadDeps;
  readonly #waiting: Waiting[] = [];
  #worker: Worker | undefined;
  #current: Waiting | undefined;
  #stopTimeout = (): void => {};
  #downUntilMs = 0;
  #restarts = 0;
  #closed = false;

  constructor(deps: PlanThreadDeps) {
    this.#deps = deps;
  }

  get state(): 'idle' | 'ready' | 'busy' | 'down' {
    if (this.#current !== undefined) return 'busy';
    if (this.#worker !== undefined) return 'ready';
    return this.#deps.clock.monotonicMs() < this.#downUntilMs ? 'down' : 'idle';
  }

  /** Threads that ended of themselves. */
  get restarts(): number {
    return this.#restarts;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Throws COORDINATOR_PLAN: too many wait, the thread ended, or what it was given makes no sense. */
  async place(request: PlanRequest): Promise<PlanAnswer> {
    if (this.#closed) throw fail('COORDINATOR_STOPPED');
    if (this.#waiting.length >= MAX_WAITING_PLANS) {
      throw problem(`${this.#waiting.length} others wait for the planning thread`);
    }
    if (this.state === 'down') throw problem('the planning thread ended and is not up again yet');
    const { promise, resolve, reject } = Promise.withResolvers<PlanAnswer>();
    this.#waiting.push({ request, resolve, reject });
    this.#next();
    return promise;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const worker = this.#worker;
    this.#lose('the coordinator stops');
    await worker?.terminate();
  }

  #next(): void {
    if (this.#current !== undefined) return;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#current = next;
    try {
      this.#give(next);
    } catch (error) {
      // The machine has no thread to spare, or the batch cannot be copied.
      const worker = this.#worker;
      this.#down(errorMessage(error));
      void worker?.terminate();
    }
  }

  #give({ request }: Waiting): void {
    const worker = (this.#worker ??= this.#start());
    // While it works the process may not end; an idle thread keeps nothing alive.
    worker.ref();
    this.#stopTimeout = this.#deps.clock.after(request.budgetMs + PLAN_GRACE_MS, () => {
      this.#ended(worker, 'it did not answer in time');
      void worker.terminate();
    });
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    worker.postMessage(request);
  }

  #start(): Worker {
    const entry = this.#deps.planEntry ?? new URL('plan-worker.ts', import.meta.url);
    const worker = new Worker(entry, { name: 'fog-plan', env: {} });
    let cause: string | undefined;
    worker.on('message', (reply: PlanReply) => this.#answered(worker, reply));
    worker.on('error', (error) => {
      cause = errorMessage(error);
    });
    worker.on('exit', (code) => this.#ended(worker, cause ?? `exit code ${code}`));
    return worker;
  }

  #answered(worker: Worker, reply: PlanReply): void {
    if (worker !== this.#worker) return;
    this.#stopTimeout();
    worker.unref();
    const asked = this.#current;
    this.#current = undefined;
    if ('problem' in reply) asked?.reject(problem(reply.problem));
    else asked?.resolve(reply);
    this.#next();
  }

  #ended(worker: Worker, why: string): void {
    if (worker === this.#worker) this.#down(why);
  }

  #down(why: string): void {
    const { clock, logger } = this.#deps;
    this.#restarts += 1;
    this.#downUntilMs = clock.monotonicMs() + RESTART_MS;
    logger.error('planning thread ended, the next batch starts another', { why });
    this.#lose(`the planning thread ended: ${why}`);
  }

  /** Those that wait are placed greedily now, and not later by a thread that may end again. */
  #lose(why: string): void {
    this.#stopTimeout();
    this.#worker = undefined;
    const lost = [...(this.#current === undefined ? [] : [this.#current]), ...this.#waiting];
    this.#current = undefined;
    this.#waiting.length = 0;
    for (const each of lost) each.reject(problem(why));
  }
}

function problem(why: string): Error {
  return fail('COORDINATOR_PLAN', { message: `The batch was not planned: ${why}.` });
}
