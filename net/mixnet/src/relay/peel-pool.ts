/**
 * Worker threads that peel for every relay of the process. Packets stay in shared memory; threads sleep on
 * a word of it and are woken by `Atomics.notify`, the main thread by `Atomics.waitAsync`.
 */
import { type Clock, errorMessage, type Logger } from '@fog/kernel';
import { fail } from '../errors.ts';
import type { MixMetrics } from '../ports.ts';
import { eraseKeyTable, KEY_TABLE_BYTES, lockKeyTable } from './key-table.ts';
import { Lane, type LaneShared } from './lane.ts';
import { MAX_LANES, MAX_WORKERS, METRICS_PERIOD_MS } from './limits.ts';
import { createPacketMemory } from './packet-memory.ts';
import type { LaneOptions, PeelLane } from './peel-lane.ts';
import { PeelPump } from './peel-pump.ts';
import {
  createSharedMemory,
  entryLane,
  entrySlot,
  openShared,
  type PeelSharedMemory,
  WORKER_WORD,
  workerLine,
} from './peel-shared.ts';
import { type PeelThread, startPeelThread } from './peel-thread.ts';

export interface PeelPoolOptions {
  readonly workers: number;
  /** Ceiling of the packet memory, shared by all lanes. */
  readonly maxSlots: number;
}

export interface PeelPoolDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: MixMetrics;
}

export interface PeelPool {
  readonly workers: number;
  /** Throws MIXNET_LANES when it serves as many relays as it can. */
  openLane(options: LaneOptions): PeelLane;
  /** What is wrong with it; undefined when all threads run. */
  fault(): string | undefined;
  /** Slots in use and slots there is memory for. */
  memory(): { readonly used: number; readonly slots: number };
  /** Throws MIXNET_PEEL_THREAD. */
  start(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

export function createPeelPool(options: PeelPoolOptions, deps: PeelPoolDeps): PeelPool {
  return new SharedPool(options, deps);
}

class SharedPool implements PeelPool {
  readonly workers: number;
  readonly #deps: PeelPoolDeps;
  readonly #memory: PeelSharedMemory;
  readonly #lane: LaneShared;
  readonly #lanes: (Lane | undefined)[] = [];
  readonly #pump: PeelPump;
  #threads: readonly PeelThread[] = [];
  #fault: string | undefined = 'it was not started';
  #stopMetrics = (): void => {};
  #toldSubmitted = 0;

  constructor({ workers, maxSlots }: PeelPoolOptions, deps: PeelPoolDeps) {
    this.workers = Math.min(MAX_WORKERS, Math.max(1, workers));
    this.#deps = deps;
    this.#memory = createSharedMemory(this.workers, maxSlots, KEY_TABLE_BYTES);
    const shared = openShared(this.#memory);
    this.#lane = {
      shared,
      memory: createPacketMemory(maxSlots, (block) => {
        for (const thread of this.#threads) thread.give(block);
      }),
      marks: new Uint8Array(maxSlots),
      submitted: 0,
      unflushed: 0,
    };
    this.#pump = new PeelPump(shared, (entry) => this.#finish(entry));
  }

  openLane(options: LaneOptions): PeelLane {
    const free = this.#lanes.indexOf(undefined);
    const index = free < 0 ? this.#lanes.length : free;
    if (index >= MAX_LANES) {
      throw fail('MIXNET_LANES', {
        message: `One peel pool serves ${MAX_LANES} relays: start another process for more.`,
      });
    }
    const onClosed = (): void => {
      this.#lanes[index] = undefined;
    };
    const lane = new Lane(this.#lane, { ...options, index, onClosed });
    this.#lanes[index] = lane;
    return lane;
  }

  fault(): string | undefined {
    return this.#fault;
  }

  memory(): { readonly used: number; readonly slots: number } {
    const { used, slots } = this.#lane.memory;
    return { used, slots };
  }

  async start(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#deps;
    if (!lockKeyTable(this.#memory.keyTable)) {
      logger.warn('mix keys are not locked in memory: raise the limit of locked memory');
    }
    const onEnd = (why: string): void => this.#broke(why);
    this.#threads = Array.from({ length: this.workers }, (_, worker) =>
      startPeelThread({ memory: this.#memory, worker, onEnd }),
    );
    for (const { memory } of this.#lane.memory.blocks) {
      for (const thread of this.#threads) thread.give(memory);
    }
    try {
      await Promise.all(this.#threads.map((thread) => thread.ready(clock, signal)));
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#fault = undefined;
    this.#pump.start();
    this.#stopMetrics = clock.every(METRICS_PERIOD_MS, () => this.#report());
  }

  async stop(): Promise<void> {
    this.#fault ??= 'it was stopped';
    this.#stopMetrics();
    this.#pump.stop();
    const threads = this.#threads;
    this.#threads = [];
    await Promise.all(threads.map((thread) => thread.end()));
    eraseKeyTable(this.#memory.keyTable);
  }

  #broke(why: string): void {
    this.#fault = `a peel thread ended: ${why}`;
    this.#deps.logger.error('peel thread ended', { why });
  }

  /** What a relay does with a packet must not stop the packets of the others. */
  #finish(entry: number): void {
    try {
      this.#lanes[entryLane(entry)]?.finish(entrySlot(entry));
    } catch (error) {
      this.#deps.logger.error('peeled packet was not handled', { error: errorMessage(error) });
    }
  }

  #report(): void {
    const { metrics } = this.#deps;
    const { control } = this.#lane.shared;
    metrics.gauge('fog_mixnet_slots', this.#lane.memory.slots);
    metrics.gauge('fog_mixnet_slots_used', this.#lane.memory.used);
    const { submitted } = this.#lane;
    metrics.count('fog_mixnet_slot_uses_total', undefined, (submitted - this.#toldSubmitted) | 0);
    this.#toldSubmitted = submitted;
    for (let worker = 0; worker < this.workers; worker += 1) {
      const take = (word: number): number =>
        Atomics.exchange(control, workerLine(worker) + word, 0);
      const packets = take(WORKER_WORD.packets);
      const micros = take(WORKER_WORD.micros);
      const batches = take(WORKER_WORD.batches);
      if (packets === 0 || batches === 0) continue;
      metrics.observe('fog_mixnet_peel_micros', micros / packets);
      metrics.observe('fog_mixnet_batch_packets', packets / batches);
    }
  }
}
