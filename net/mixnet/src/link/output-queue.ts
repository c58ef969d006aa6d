/** Units of one size on their way to one socket: collected during a turn of the event loop, written at once. */
import { FIRST_UNITS } from './limits.ts';

/** Writes the bytes, which must not change until `done`. */
export type WriteBytes = (bytes: Uint8Array, done: () => void) => void;

/** What all queues of one relay may hold together. */
export class OutputBudget {
  readonly #maxUnits: number;
  #units = 0;

  constructor(maxUnits: number) {
    this.#maxUnits = maxUnits;
  }

  get units(): number {
    return this.#units;
  }

  take(): boolean {
    if (this.#units >= this.#maxUnits) return false;
    this.#units += 1;
    return true;
  }

  give(units: number): void {
    this.#units -= units;
  }
}

/** Runs the flush of each queue that got something, once at the end of the turn. */
export class TurnFlusher {
  #dirty: OutputQueue[] = [];
  #spare: OutputQueue[] = [];

  mark(queue: OutputQueue): void {
    if (this.#dirty.length === 0) setImmediate(this.#flushAll);
    this.#dirty.push(queue);
  }

  readonly #flushAll = (): void => {
    const queues = this.#dirty;
    this.#dirty = this.#spare;
    this.#spare = queues;
    for (const queue of queues) queue.flush();
    queues.length = 0;
  };
}

export interface OutputQueueOptions {
  readonly unitBytes: number;
  readonly maxUnits: number;
  readonly flusher: TurnFlusher;
  readonly budget?: OutputBudget;
}

const EMPTY = new Uint8Array(0);

/**
 * Two buffers that change places: one is filled while the other is with the socket. A write is only begun when
 * the one before is done, so a slow peer fills this queue and nothing behind it.
 */
export class OutputQueue {
  readonly #unitBytes: number;
  readonly #flusher: TurnFlusher;
  readonly #budget: OutputBudget | undefined;
  #maxUnits: number;
  #write: WriteBytes | undefined;
  #staged: Uint8Array = EMPTY;
  #stagedUnits = 0;
  #flying: Uint8Array = EMPTY;
  #flyingUnits = 0;
  #highWater = 0;
  #marked = false;
  #ended = false;
  #onWritten: (() => void) | undefined;
  #writtenUnits = 0;
  #writes = 0;

  constructor(options: OutputQueueOptions) {
    this.#unitBytes = options.unitBytes;
    this.#maxUnits = options.maxUnits;
    this.#flusher = options.flusher;
    this.#budget = options.budget;
  }

  /** Units that wait or are with the socket. */
  get units(): number {
    return this.#stagedUnits + this.#flyingUnits;
  }

  get writtenUnits(): number {
    return this.#writtenUnits;
  }

  /** Changes when a write is done. */
  get writes(): number {
    return this.#writes;
  }

  get writing(): boolean {
    return this.#flyingUnits > 0;
  }

  /** Memory of both buffers. */
  get capacityBytes(): number {
    return this.#staged.length + this.#flying.length;
  }

  /** The socket is there: what waits goes out. */
  attach(write: WriteBytes, maxUnits: number): void {
    this.#write = write;
    this.#maxUnits = maxUnits;
    if (this.#stagedUnits > 0) this.#mark();
  }

  /** Copies one whole unit; false when there is no room. */
  push(unit: Uint8Array): boolean {
    const offset = this.reserve();
    if (offset < 0) return false;
    // `set` copies shared memory byte by byte, `copy` does not.
    if (Buffer.isBuffer(unit)) unit.copy(this.#staged, offset);
    else this.#staged.set(unit, offset);
    return true;
  }

  /** Takes room for one unit in `staged`, which the caller fills before returning; -1 when there is none. */
  reserve(): number {
    if (this.#ended || this.#onWritten || this.units >= this.#maxUnits) return -1;
    if (this.#budget !== undefined && !this.#budget.take()) return -1;
    const offset = this.#stagedUnits * this.#unitBytes;
    if (offset + this.#unitBytes > this.#staged.length) this.#grow();
    this.#stagedUnits += 1;
    if (!this.#marked && this.#write !== undefined && this.#flyingUnits === 0) this.#mark();
    return offset;
  }

  /** The buffer `reserve` gives places in; another one after each `reserve`. */
  get staged(): Uint8Array {
    return this.#staged;
  }

  flush(): void {
    this.#marked = false;
    if (this.#write === undefined || this.#flyingUnits > 0 || this.#stagedUnits === 0) return;
    const bytes = this.#staged;
    this.#staged = this.#flying;
    this.#flying = bytes;
    this.#flyingUnits = this.#stagedUnits;
    this.#stagedUnits = 0;
    this.#highWater = Math.max(this.#highWater, this.#flyingUnits);
    this.#write(bytes.subarray(0, this.#flyingUnits * this.#unitBytes), this.#done);
  }

  /** Gives back buffers that were much too large since the last call. */
  trim(): void {
    const neededBytes = this.#highWater * this.#unitBytes;
    this.#highWater = 0;
    if (this.units > 0 || this.capacityBytes <= neededBytes * 8) return;
    this.#staged = EMPTY;
    this.#flying = EMPTY;
  }

  /** Takes nothing more, and calls back when all it has is with the system. */
  finish(onWritten: () => void): void {
    this.#onWritten = onWritten;
    if (this.units === 0 || this.#write === undefined) onWritten();
    else this.flush();
  }

  /** Takes nothing more; how many units are lost that way. */
  end(): number {
    if (this.#ended) return 0;
    this.#ended = true;
    const lost = this.units;
    this.#budget?.give(lost);
    this.#write = undefined;
    this.#stagedUnits = 0;
    this.#flyingUnits = 0;
    this.#staged = EMPTY;
    this.#flying = EMPTY;
    return lost;
  }

  readonly #done = (): void => {
    if (this.#ended) return;
    this.#writes += 1;
    this.#writtenUnits += this.#flyingUnits;
    this.#budget?.give(this.#flyingUnits);
    this.#flyingUnits = 0;
    if (this.#stagedUnits > 0) this.flush();
    else this.#onWritten?.();
  };

  #mark(): void {
    this.#marked = true;
    this.#flusher.mark(this);
  }

  #grow(): void {
    const units = Math.max(FIRST_UNITS, (2 * this.#staged.length) / this.#unitBytes);
    const larger = Buffer.allocUnsafeSlow(Math.min(units, this.#maxUnits) * this.#unitBytes);
    larger.set(this.#staged.subarray(0, this.#stagedUnits * this.#unitBytes));
    this.#staged = larger;
  }
}
