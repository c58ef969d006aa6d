/** A peel thread: claims what is queued, peels it in place, says so, and sleeps when nothing is. */
import {
  type MessagePort,
  parentPort,
  receiveMessageOnPort,
  workerData,
} from 'node:worker_threads';
import {
  COMMAND,
  createPeelSpace,
  type MixKey,
  PACKET_BYTES,
  peel,
  PEEL_VERDICTS,
} from '@fog/sphinx';
import { openKeysOf } from './key-table.ts';
import { MAX_BATCH, MAX_LANES, PUBLISH_EVERY, SLOTS_PER_BLOCK } from './limits.ts';
import {
  CONTROL,
  entryLane,
  entrySlot,
  openShared,
  type PeelShared,
  type PeelSharedMemory,
  WORKER_WORD,
  workerLine,
} from './peel-shared.ts';
import { type Block, IN_SLOT, openBlock, PEELED_BYTES, SLOT_STRIDE } from './slot-layout.ts';

/** What the pool starts a thread with. */
export interface PeelWorkerData {
  readonly memory: PeelSharedMemory;
  readonly worker: number;
  /** Brings the blocks of packet memory, in order. */
  readonly blocks: MessagePort;
}

const VERDICT_INDEX = new Map(PEEL_VERDICTS.map((verdict, index) => [verdict, index]));
const OK_INDEX = PEEL_VERDICTS.indexOf('ok');

class PeelThread {
  readonly #shared: PeelShared;
  readonly #control: Int32Array;
  readonly #workers: number;
  readonly #doneRing: Int32Array;
  readonly #line: number;
  readonly #mask: number;
  readonly #port: MessagePort;
  readonly #blocks: Block[] = [];
  readonly #batch: Int32Array;
  readonly #keys: MixKey[][] = Array.from({ length: MAX_LANES }, () => []);
  #keysSeen = -1;
  #done: number;
  readonly #space = createPeelSpace();
  // Packets are peeled in memory of the thread: shared memory is slow to touch.
  readonly #peeled = Buffer.from(new ArrayBuffer(PEELED_BYTES));
  readonly #packet = this.#peeled.subarray(0, PACKET_BYTES);

  constructor({ memory, worker, blocks }: PeelWorkerData) {
    this.#shared = openShared(memory);
    this.#control = this.#shared.control;
    this.#workers = memory.workers;
    this.#doneRing = this.#shared.doneRings[worker] as Int32Array;
    this.#batch = this.#shared.batches[worker] as Int32Array;
    this.#line = workerLine(worker);
    // Where the thread before this one stopped.
    this.#done = Atomics.load(this.#control, this.#line + WORKER_WORD.done);
    this.#mask = memory.ringSize - 1;
    this.#port = blocks;
  }

  /** The pool ends the thread from outside. */
  run(): never {
    for (;;) {
      const count = this.#claim();
      if (count > 0) this.#peelBatch(count);
      else this.#sleep();
    }
  }

  /** Entries are read before they are claimed: once claimed, the ring may go on and overwrite them. */
  #claim(): number {
    const { submitRing } = this.#shared;
    for (;;) {
      const claimed = Atomics.load(this.#control, CONTROL.claimed);
      const waiting = (Atomics.load(this.#control, CONTROL.submitted) - claimed) | 0;
      if (waiting <= 0) return 0;
      const take = Math.min(MAX_BATCH, Math.ceil(waiting / this.#workers));
      for (let index = 0; index < take; index += 1) {
        this.#batch[index] = submitRing[(claimed + index) & this.#mask] ?? 0;
      }
      const next = (claimed + take) | 0;
      const before = Atomics.compareExchange(this.#control, CONTROL.claimed, claimed, next);
      if (before !== claimed) continue;
      // Nothing that a thread can be ended in lies between the claim and this note of it.
      Atomics.store(this.#control, this.#line + WORKER_WORD.batchAt, this.#done);
      Atomics.store(this.#control, this.#line + WORKER_WORD.batchCount, take);
      return take;
    }
  }

  /** The submitter stores its position before it looks for sleepers, so no packet is slept over. */
  #sleep(): void {
    const seen = Atomics.load(this.#control, CONTROL.submitted);
    Atomics.add(this.#control, CONTROL.sleepers, 1);
    Atomics.store(this.#control, this.#line + WORKER_WORD.asleep, 1);
    if (seen === Atomics.load(this.#control, CONTROL.claimed)) {
      Atomics.wait(this.#control, CONTROL.submitted, seen);
    }
    Atomics.store(this.#control, this.#line + WORKER_WORD.asleep, 0);
    Atomics.sub(this.#control, CONTROL.sleepers, 1);
  }

  #peelBatch(count: number): void {
    const fromMs = performance.now();
    this.#refreshKeys();
    for (let index = 0; index < count; index += 1) {
      const entry = this.#batch[index] ?? 0;
      this.#peelEntry(entry);
      this.#doneRing[this.#done & this.#mask] = entry;
      this.#done = (this.#done + 1) | 0;
      if (index % PUBLISH_EVERY === PUBLISH_EVERY - 1) this.#publish();
    }
    this.#publish();
    const micros = Math.round((performance.now() - fromMs) * 1000);
    Atomics.add(this.#control, this.#line + WORKER_WORD.packets, count);
    Atomics.add(this.#control, this.#line + WORKER_WORD.micros, micros);
    Atomics.add(this.#control, this.#line + WORKER_WORD.batches, 1);
  }

  #peelEntry(entry: number): void {
    const slot = entrySlot(entry);
    const { bytes } = this.#block(slot);
    const at = (slot % SLOTS_PER_BLOCK) * SLOT_STRIDE;
    bytes.copy(this.#peeled, 0, at, at + PACKET_BYTES);
    const verdict = peel(this.#packet, this.#keys[entryLane(entry)] as MixKey[], this.#space);
    if (verdict !== 'ok') {
      bytes[at + IN_SLOT.verdict] = VERDICT_INDEX.get(verdict) ?? 0;
      return;
    }
    const { hop } = this.#space;
    this.#peeled[IN_SLOT.verdict] = OK_INDEX;
    this.#peeled[IN_SLOT.command] = COMMAND[hop.command];
    this.#peeled[IN_SLOT.delayClass] = hop.delayClass;
    this.#peeled.set(hop.id, IN_SLOT.nextId);
    this.#peeled.set(hop.surbId, IN_SLOT.surbId);
    this.#peeled.set(hop.replayTag, IN_SLOT.replayTag);
    this.#peeled.set(hop.delayTag, IN_SLOT.delayTag);
    this.#peeled.copy(bytes, at);
  }

  #publish(): void {
    Atomics.store(this.#control, this.#line + WORKER_WORD.done, this.#done);
    if (Atomics.compareExchange(this.#control, CONTROL.mainWaits, 1, 0) !== 1) return;
    Atomics.add(this.#control, CONTROL.wakes, 1);
    Atomics.notify(this.#control, CONTROL.wakes);
  }

  #refreshKeys(): void {
    const version = Atomics.load(this.#control, CONTROL.keys);
    if (version === this.#keysSeen) return;
    this.#keysSeen = version;
    for (let lane = 0; lane < MAX_LANES; lane += 1) {
      this.#keys[lane] = openKeysOf(this.#shared.keyTable, lane);
    }
  }

  #block(slot: number): Block {
    const index = Math.floor(slot / SLOTS_PER_BLOCK);
    while (this.#blocks.length <= index) {
      const next = receiveMessageOnPort(this.#port);
      if (next === undefined) throw new Error('a slot was submitted before its memory');
      this.#blocks.push(openBlock(next.message as SharedArrayBuffer));
    }
    return this.#blocks[index] as Block;
  }
}

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
parentPort?.postMessage('ready');
new PeelThread(workerData as PeelWorkerData).run();
