/** Packets a second that worker threads peel in shared memory. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { MixKey } from '@fog/sphinx';
import type { Packets } from './packets.ts';

/** Places in the control words: round number and count of each of two threads, and the end of a round. */
export const ROUND = 0;
export const COUNTED = 2;
export const STOP = 4;
export const STOPPED = -1;
const CONTROL_WORDS = 5;

/** Slots of one thread: as many as a relay takes in one batch. */
const BATCH = 128;

export interface ThreadInput {
  readonly packets: SharedArrayBuffer;
  readonly control: SharedArrayBuffer;
  readonly index: number;
  readonly key: MixKey;
}

export class Pipeline implements AsyncDisposable {
  readonly #state: Int32Array;
  readonly #workers: readonly Worker[];
  #round = 0;

  private constructor(state: Int32Array, workers: readonly Worker[]) {
    this.#state = state;
    this.#workers = workers;
  }

  static async start(packets: Packets): Promise<Pipeline> {
    const control = new SharedArrayBuffer(CONTROL_WORDS * 4);
    const workers = [0, 1].map((index) => {
      const input = { packets: packets.shared(BATCH), control, index, key: packets.key };
      return new Worker(new URL('./peel-thread.ts', import.meta.url), {
        workerData: input satisfies ThreadInput,
      });
    });
    await Promise.all(workers.map((worker) => once(worker, 'message')));
    return new Pipeline(new Int32Array(control), workers);
  }

  /** Packets a second of so many of the threads, over one round. */
  async measure(threads: 1 | 2, roundMs: number): Promise<number> {
    const state = this.#state;
    this.#round += 1;
    Atomics.store(state, STOP, 0);
    for (let index = 0; index < threads; index += 1) {
      Atomics.store(state, COUNTED + index, 0);
      Atomics.store(state, ROUND + index, this.#round);
      Atomics.notify(state, ROUND + index);
    }
    const from = performance.now();
    await sleep(roundMs);
    Atomics.store(state, STOP, 1);
    let peeled = 0;
    for (let index = 0; index < threads; index += 1) {
      await Atomics.waitAsync(state, COUNTED + index, 0).value;
      peeled += Atomics.load(state, COUNTED + index);
    }
    return (peeled / (performance.now() - from)) * 1000;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = this.#workers.map((worker) => once(worker, 'exit'));
    for (const index of this.#workers.keys()) {
      Atomics.store(this.#state, ROUND + index, STOPPED);
      Atomics.notify(this.#state, ROUND + index);
    }
    await Promise.all(ended);
  }
}
