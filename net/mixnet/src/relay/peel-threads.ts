/** The threads of one peel pool: started together, each started again when it ends of itself. */
import { type Clock, errorMessage, type Health, type Logger } from '@fog/kernel';
import { MAX_THREAD_PAUSE_MS, MIN_THREAD_PAUSE_MS, STEADY_THREAD_MS } from './limits.ts';
import type { PeelSharedMemory } from './peel-shared.ts';
import { type PeelThread, startPeelThread } from './peel-thread.ts';

export interface PeelThreadsDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly memory: PeelSharedMemory;
  /** All blocks of packet memory so far. */
  readonly blocks: () => readonly SharedArrayBuffer[];
  /** Called when a thread is gone, before the next takes its place; returns how many packets went with it. */
  readonly onEnd: (worker: number) => number;
}

interface Place {
  thread: PeelThread | undefined;
  isReady: boolean;
  readyAt: number;
  pauseMs: number;
  cancel: () => void;
}

export class PeelThreads {
  readonly #deps: PeelThreadsDeps;
  readonly #places: readonly Place[];
  #stopping = new AbortController();
  #isRunning = false;
  #ends = 0;
  #lost = 0;
  #lastEnd = '';

  constructor(deps: PeelThreadsDeps) {
    this.#deps = deps;
    this.#places = Array.from({ length: deps.memory.workers }, () => ({
      thread: undefined,
      isReady: false,
      readyAt: 0,
      pauseMs: MIN_THREAD_PAUSE_MS,
      cancel: () => {},
    }));
  }

  /** Threads that ended of themselves since the start. */
  get ends(): number {
    return this.#ends;
  }

  get ready(): number {
    return this.#places.filter(({ isReady }) => isReady).length;
  }

  /** Throws MIXNET_PEEL_THREAD when one of them does not come up. */
  async start(signal: AbortSignal): Promise<void> {
    this.#stopping = new AbortController();
    await Promise.all(this.#places.map((_, worker) => this.#begin(worker, signal)));
    this.#isRunning = true;
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    this.#stopping.abort();
    const threads = this.#places.flatMap(({ thread }) => thread ?? []);
    for (const place of this.#places) {
      place.cancel();
      place.isReady = false;
      place.thread = undefined;
    }
    await Promise.all(threads.map((thread) => thread.end()));
  }

  give(block: SharedArrayBuffer): void {
    for (const { thread } of this.#places) thread?.give(block);
  }

  health(): Health {
    if (!this.#isRunning) return { state: 'unhealthy', detail: 'the peel threads do not run' };
    const down = this.#places.length - this.ready;
    const ended = `a peel thread ended (${this.#lastEnd})`;
    if (down > 0) {
      const detail = `${ended}: ${down} of ${this.#places.length} are being started again`;
      return { state: 'degraded', detail };
    }
    if (this.#ends === 0) return { state: 'healthy' };
    const times = this.#ends === 1 ? 'once' : `${this.#ends} times`;
    const detail = `${ended} and was started again, ${times} so far; ${this.#lost} packets were dropped`;
    return { state: 'healthy', detail };
  }

  async #begin(worker: number, signal: AbortSignal): Promise<void> {
    const { clock, memory, blocks } = this.#deps;
    const place = this.#places[worker] as Place;
    const thread: PeelThread = startPeelThread({
      memory,
      worker,
      onEnd: (why) => this.#ended(worker, thread, why),
    });
    place.thread = thread;
    for (const block of blocks()) thread.give(block);
    await thread.ready(clock, signal);
    place.isReady = true;
    place.readyAt = clock.monotonicMs();
  }

  /** Also called for one that never came up; what it had claimed comes back as lost. */
  #ended(worker: number, thread: PeelThread, why: string): void {
    const place = this.#places[worker] as Place;
    if (place.thread !== thread || !this.#isRunning) return;
    const { clock, logger, onEnd } = this.#deps;
    if (place.isReady && clock.monotonicMs() - place.readyAt > STEADY_THREAD_MS) {
      place.pauseMs = MIN_THREAD_PAUSE_MS;
    }
    place.thread = undefined;
    place.isReady = false;
    this.#ends += 1;
    this.#lastEnd = why;
    const lost = onEnd(worker);
    this.#lost += lost;
    const { pauseMs } = place;
    place.pauseMs = Math.min(2 * pauseMs, MAX_THREAD_PAUSE_MS);
    logger.error('peel thread ended, it is started again', { worker, why, lost, pauseMs });
    place.cancel = clock.after(pauseMs, () => {
      this.#begin(worker, this.#stopping.signal).catch((error: unknown) => {
        const late = place.thread;
        if (late === undefined) return;
        void late.end();
        this.#ended(worker, late, errorMessage(error));
      });
    });
  }
}
