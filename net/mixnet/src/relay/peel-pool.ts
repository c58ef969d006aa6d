/**
 * Worker threads that peel for every relay of the process. Packets stay in shared memory; threads sleep on
 * a word of it and are woken by `Atomics.notify`, the main thread by `Atomics.waitAsync`.
 */
import { type Clock, errorMessage, type Health, type Logger } from '@fog/kernel';
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
  takeUnfinished,
  WORKER_WORD,
  workerLine,
} from './peel-shared.ts';
import { PeelThreads } from './peel-threads.ts';

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
  /** Degraded while a thread that ended is started again. */
  health(): Health;
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
  readonly #threads: PeelThreads;
  #stopMetrics = (): void => {};
  #toldSubmitted = 0;
  #toldEnds = 0;

  constructor({ workers, maxSlots }: PeelPoolOptions, deps: PeelPoolDeps) {
    this.workers = Math.min(MAX_WORKERS, Math.max(1, workers));
    this.#deps = deps;
    this.#memory = createSharedMemory(this.workers, maxSlots, KEY_TABLE_BYTES);
    const shared = openShared(this.#memory);
    this.#lane = {
      shared,
      memory: createPacketMemory(maxSlots, (block) => this.#threads.give(block)),
      marks: new Uint8Array(maxSlots),
      submitted: 0,
      unflushed: 0,
    };
    this.#pump = new PeelPump(shared, (entry) => this.#finish(entry));
    this.#threads = new PeelThreads({
      ...deps,
      memory: this.#memory,
      blocks: () => this.#lane.memory.blocks.map(({ memory }) => memory),
      onEnd: (worker) => this.#loseUnfinished(worker),
    });
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

  health(): Health {
    return this.#threads.health();
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
    try {
      await this.#threads.start(signal);
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#pump.start();
    this.#stopMetrics = clock.every(METRICS_PERIOD_MS, () => this.#report());
  }

  async stop(): Promise<void> {
    this.#stopMetrics();
    this.#pump.stop();
    await this.#threads.stop();
    eraseKeyTable(this.#memory.keyTable);
  }

  /** What the thread had finished still counts; the rest of its batch is dropped, and its slots are free. */
  #loseUnfinished(worker: number): number {
    this.#pump.drain();
    const entries = takeUnfinished(this.#lane.shared, worker);
    for (const entry of entries) this.#lanes[entryLane(entry)]?.lose(entrySlot(entry));
    return entries.length;
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
    metrics.gauge('fog_mixnet_peel_threads', this.#threads.ready);
    metrics.count(
      'fog_mixnet_peel_thread_ends_total',
      undefined,
      this.#threads.ends - this.#toldEnds,
    );
    this.#toldEnds = this.#threads.ends;
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
