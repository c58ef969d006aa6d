import type { Clock } from '@fog/kernel';

interface Timer {
  readonly id: number;
  readonly task: () => void;
  readonly periodMs: number | undefined;
  dueMs: number;
}

/** A clock that moves only when told. Timers run in the order of their due times, ties in the order they were set. */
export class VirtualClock implements Clock {
  readonly #timers = new Map<number, Timer>();
  #nextId = 1;
  #elapsedMs = 0;
  #epochMs: number;

  constructor(epochMs = Date.UTC(2030, 0, 1)) {
    this.#epochMs = epochMs;
  }

  now(): number {
    return this.#epochMs + this.#elapsedMs;
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  after(delayMs: number, task: () => void): () => void {
    return this.#add(delayMs, task, undefined);
  }

  every(periodMs: number, task: () => void): () => void {
    if (!(periodMs > 0)) throw new RangeError(`a period must be positive, not ${periodMs}`);
    return this.#add(periodMs, task, periodMs);
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Moves the time, running what falls due on the way, also what those tasks set themselves. */
  advance(durationMs: number): void {
    const endMs = this.#elapsedMs + durationMs;
    for (let next = this.#next(endMs); next !== undefined; next = this.#next(endMs)) {
      this.#elapsedMs = Math.max(this.#elapsedMs, next.dueMs);
      if (next.periodMs === undefined) this.#timers.delete(next.id);
      else next.dueMs += next.periodMs;
      next.task();
    }
    this.#elapsedMs = endMs;
  }

  /** As `advance`, but lets promises settle after each timer and before the end. */
  async advanceAsync(durationMs: number): Promise<void> {
    const endMs = this.#elapsedMs + durationMs;
    await settlePromises();
    for (let next = this.#next(endMs); next !== undefined; next = this.#next(endMs)) {
      this.advance(Math.max(0, next.dueMs - this.#elapsedMs));
      await settlePromises();
    }
    this.advance(endMs - this.#elapsedMs);
    await settlePromises();
  }

  /** Moves the wall clock alone, as a user or NTP does: no timer runs. */
  jump(offsetMs: number): void {
    this.#epochMs += offsetMs;
  }

  #add(delayMs: number, task: () => void, periodMs: number | undefined): () => void {
    const id = this.#nextId;
    this.#nextId += 1;
    const dueMs = this.#elapsedMs + Math.max(0, delayMs);
    this.#timers.set(id, { id, task, periodMs, dueMs });
    return () => void this.#timers.delete(id);
  }

  #next(untilMs: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers.values()) {
      if (timer.dueMs > untilMs) continue;
      if (first === undefined || timer.dueMs < first.dueMs) first = timer;
    }
    return first;
  }
}

/** Two turns of the event loop: microtasks and what they hand to the check phase. */
async function settlePromises(): Promise<void> {
  for (let turn = 0; turn < 2; turn += 1) {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
