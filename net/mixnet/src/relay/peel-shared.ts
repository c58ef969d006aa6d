/**
 * The memory through which the main thread and the peel threads talk: a ring of packets to peel, one ring
 * per thread of packets that are done, and words to sleep on. Positions only grow (modulo 2³²).
 */
import { MAX_BATCH, MAX_WORKERS } from './limits.ts';

/** Words of `control`. */
export const CONTROL = {
  /** Position after the last packet submitted; threads sleep on it. */
  submitted: 0,
  /** Position after the last packet claimed. */
  claimed: 1,
  /** Threads that sleep or are about to. */
  sleepers: 2,
  /** 1 while the main thread waits to be woken. */
  mainWaits: 3,
  /** Grows when the main thread is woken; it sleeps on it. */
  wakes: 4,
  /** Grows with each change of a key. */
  keys: 5,
  /** Per thread, a cache line each. */
  done: 16,
} as const;

/** Words of a thread's line. */
export const WORKER_WORD = {
  done: 0,
  packets: 1,
  micros: 2,
  batches: 3,
  /** Value of `done` when the batch was claimed, and packets in it: what a thread that ends had in hand. */
  batchAt: 4,
  batchCount: 5,
  /** 1 while it counts as a sleeper. */
  asleep: 6,
} as const;
const LINE_WORDS = 16;

export interface PeelShared {
  readonly control: Int32Array;
  /** A power of two, more than there are slots: no unclaimed entry is ever overwritten. */
  readonly ringSize: number;
  readonly submitRing: Int32Array;
  readonly doneRings: readonly Int32Array[];
  /** Per thread, the entries it claimed last. */
  readonly batches: readonly Int32Array[];
  /** See `key-table.ts`. */
  readonly keyTable: SharedArrayBuffer;
}

/** What a thread gets to build its views from. */
export interface PeelSharedMemory {
  readonly control: SharedArrayBuffer;
  readonly rings: SharedArrayBuffer;
  readonly keyTable: SharedArrayBuffer;
  readonly ringSize: number;
  readonly workers: number;
}

export function createSharedMemory(
  workers: number,
  maxSlots: number,
  keyTableBytes: number,
): PeelSharedMemory {
  const ringSize = 2 ** Math.ceil(Math.log2(maxSlots + 1));
  return {
    control: new SharedArrayBuffer((CONTROL.done + LINE_WORDS * MAX_WORKERS) * 4),
    rings: new SharedArrayBuffer(4 * (ringSize * (1 + workers) + MAX_BATCH * workers)),
    keyTable: new SharedArrayBuffer(keyTableBytes),
    ringSize,
    workers,
  };
}

export function openShared(memory: PeelSharedMemory): PeelShared {
  const { ringSize, workers, rings } = memory;
  return {
    control: new Int32Array(memory.control),
    ringSize,
    submitRing: new Int32Array(rings, 0, ringSize),
    doneRings: Array.from(
      { length: workers },
      (_, worker) => new Int32Array(rings, (1 + worker) * ringSize * 4, ringSize),
    ),
    batches: Array.from(
      { length: workers },
      (_, worker) =>
        new Int32Array(rings, 4 * (ringSize * (1 + workers) + MAX_BATCH * worker), MAX_BATCH),
    ),
    keyTable: memory.keyTable,
  };
}

/** Entries the thread had claimed and not finished, for when it is gone; it counts as a sleeper no longer. */
export function takeUnfinished({ control, batches }: PeelShared, worker: number): number[] {
  const line = workerLine(worker);
  const count = Atomics.load(control, line + WORKER_WORD.batchCount);
  const at = Atomics.load(control, line + WORKER_WORD.batchAt);
  const finished = (Atomics.load(control, line + WORKER_WORD.done) - at) | 0;
  Atomics.store(control, line + WORKER_WORD.batchCount, 0);
  if (Atomics.exchange(control, line + WORKER_WORD.asleep, 0) === 1) {
    Atomics.sub(control, CONTROL.sleepers, 1);
  }
  return count === 0 ? [] : [...(batches[worker] as Int32Array).subarray(finished, count)];
}

export function workerLine(worker: number): number {
  return CONTROL.done + worker * LINE_WORDS;
}

/** An entry names a slot and the lane whose keys peel it. */
const SLOT_BITS = 20;
const SLOT_MASK = (1 << SLOT_BITS) - 1;

export function ringEntry(lane: number, slot: number): number {
  return (lane << SLOT_BITS) | slot;
}

export function entryLane(entry: number): number {
  return entry >> SLOT_BITS;
}

export function entrySlot(entry: number): number {
  return entry & SLOT_MASK;
}
