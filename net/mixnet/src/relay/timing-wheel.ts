/**
 * Delayed packets in ticks of 1 ms: a ring of lists, threaded through one array by slot number, so that
 * adding and taking cost the same however many wait. A delay longer than the ring goes round again.
 */
import type { Clock } from '@fog/kernel';
import { WHEEL_TICKS } from './limits.ts';

export interface TimingWheel {
  readonly count: number;
  /** Gives the slot to `onDue` after `delayMs`, never earlier. */
  add(slot: number, delayMs: number): void;
  /** Gives all slots to `each` and forgets them. */
  clear(each: (slot: number) => void): void;
}

const NONE = -1;

export function createTimingWheel(
  clock: Pick<Clock, 'monotonicMs' | 'after'>,
  onDue: (slot: number) => void,
): TimingWheel {
  return new Wheel(clock, onDue);
}

class Wheel implements TimingWheel {
  readonly #clock: Pick<Clock, 'monotonicMs' | 'after'>;
  readonly #onDue: (slot: number) => void;
  #heads: Int32Array | undefined;
  #next = new Int32Array(0);
  #due = new Float64Array(0);
  #count = 0;
  /** All ticks up to this one are done. */
  #tick = 0;
  #wakeTick = Number.POSITIVE_INFINITY;
  #cancel = (): void => {};

  constructor(clock: Pick<Clock, 'monotonicMs' | 'after'>, onDue: (slot: number) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  get count(): number {
    return this.#count;
  }

  add(slot: number, delayMs: number): void {
    const nowMs = this.#clock.monotonicMs();
    const heads = this.#open(nowMs, slot);
    const due = Math.max(this.#tick + 1, Math.ceil(nowMs + delayMs));
    const place = due % WHEEL_TICKS;
    this.#due[slot] = due;
    this.#next[slot] = heads[place] ?? NONE;
    heads[place] = slot;
    this.#count += 1;
    if (due < this.#wakeTick) this.#wakeAt(due, nowMs);
  }

  clear(each: (slot: number) => void): void {
    this.#cancel();
    this.#wakeTick = Number.POSITIVE_INFINITY;
    const heads = this.#heads ?? [];
    for (let place = 0; place < heads.length; place += 1) {
      for (let slot = heads[place] ?? NONE; slot !== NONE;) {
        const next = this.#next[slot] ?? NONE;
        each(slot);
        slot = next;
      }
    }
    this.#heads = undefined;
    this.#count = 0;
  }

  /** Idle wheels hold no memory and have no timer. */
  #open(nowMs: number, slot: number): Int32Array {
    if (slot >= this.#next.length) this.#grow(slot);
    if (this.#count === 0) this.#tick = Math.max(this.#tick, Math.floor(nowMs) - 1);
    this.#heads ??= new Int32Array(WHEEL_TICKS).fill(NONE);
    return this.#heads;
  }

  #grow(slot: number): void {
    const length = 2 ** Math.ceil(Math.log2(Math.max(1024, slot + 1)));
    const [next, due] = [new Int32Array(length), new Float64Array(length)];
    next.set(this.#next);
    due.set(this.#due);
    this.#next = next;
    this.#due = due;
  }

  #wakeAt(tick: number, nowMs: number): void {
    this.#cancel();
    this.#wakeTick = tick;
    this.#cancel = this.#clock.after(Math.max(0, tick - nowMs), this.#turn);
  }

  readonly #turn = (): void => {
    this.#wakeTick = Number.POSITIVE_INFINITY;
    const nowMs = this.#clock.monotonicMs();
    const now = Math.floor(nowMs);
    const from = Math.max(this.#tick + 1, now - WHEEL_TICKS + 1);
    for (let tick = from; tick <= now && this.#count > 0; tick += 1) this.#takeDue(tick, now);
    this.#tick = Math.max(this.#tick, now);
    if (this.#count > 0) this.#wakeAt(this.#nextTick(), nowMs);
  };

  /** The list is taken off first: what `onDue` adds is for later ticks. */
  #takeDue(tick: number, now: number): void {
    const heads = this.#heads as Int32Array;
    const place = tick % WHEEL_TICKS;
    let slot = heads[place] ?? NONE;
    heads[place] = NONE;
    while (slot !== NONE) {
      const next = this.#next[slot] ?? NONE;
      if ((this.#due[slot] ?? 0) <= now) {
        this.#count -= 1;
        this.#onDue(slot);
      } else {
        this.#next[slot] = heads[place] ?? NONE;
        heads[place] = slot;
      }
      slot = next;
    }
  }

  /** The first tick with packets; those of a later round only make it look in vain once. */
  #nextTick(): number {
    const heads = this.#heads as Int32Array;
    let tick = this.#tick + 1;
    while (heads[tick % WHEEL_TICKS] === NONE) tick += 1;
    return tick;
  }
}
