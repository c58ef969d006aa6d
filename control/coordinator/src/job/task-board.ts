/** Where each task of one open job stands; a few bytes a task, so 100,000 cost little. */

const QUEUED = 0;
const LEASED = 1;
const SETTLED = 2;
const FAILED = 3;
const CANCELLED = 4;

export type TaskState = 'queued' | 'leased' | 'settled' | 'failed' | 'cancelled';
export type EndState = 'settled' | 'failed' | 'cancelled';

const NAMES: readonly TaskState[] = ['queued', 'leased', 'settled', 'failed', 'cancelled'];
const CODES: Readonly<Record<TaskState, number>> = {
  queued: QUEUED,
  leased: LEASED,
  settled: SETTLED,
  failed: FAILED,
  cancelled: CANCELLED,
};

/** Copies handed out before a task's first run has its turn: a class S job goes on with what it began. */
const COPIES_IN_A_ROW = 2;

export class TaskBoard {
  readonly total: number;
  readonly #onEnd: () => void;
  readonly #state: Uint8Array;
  readonly #attempts: Uint16Array;
  readonly #counts = [0, 0, 0, 0, 0];
  /** No index below it was never taken. */
  #fresh = 0;
  /** Taken before and given back, ready to be taken again. */
  readonly #returned = new Set<number>();
  /** Tasks of which a further copy is wanted, whatever state they are in. */
  readonly #copies = new Set<number>();
  #copiesInARow = 0;
  #prefix = 0;

  /** `onEnd` is called once for each task that ends. */
  constructor(total: number, onEnd: () => void = () => {}) {
    this.total = total;
    this.#onEnd = onEnd;
    this.#state = new Uint8Array(total);
    this.#attempts = new Uint16Array(total);
    this.#counts[QUEUED] = total;
  }

  count(state: TaskState): number {
    return this.#counts[CODES[state]] ?? 0;
  }

  stateOf(index: number): TaskState {
    return NAMES[this.#state[index] ?? QUEUED] ?? 'queued';
  }

  hasEnded(index: number): boolean {
    return (this.#state[index] ?? QUEUED) >= SETTLED;
  }

  attempts(index: number): number {
    return this.#attempts[index] ?? 0;
  }

  /** All indices below it have ended. */
  get endedPrefix(): number {
    return this.#prefix;
  }

  get open(): number {
    return this.count('queued') + this.count('leased');
  }

  /** True when `take` would find one now; a task waiting for its retry is queued but not ready. */
  get ready(): boolean {
    return this.#copies.size > 0 || this.#hasFirst;
  }

  /** Tasks that wait for their first run and can be taken, at most. */
  get firsts(): number {
    return this.#returned.size + this.total - this.#fresh;
  }

  /** The task of which a copy is wanted, when nothing else is ready. */
  get onlyCopy(): number | undefined {
    return this.#hasFirst ? undefined : this.#copies.values().next().value;
  }

  /** The task whose turn it is: of those a copy is wanted of, or else of those that wait for their first run. */
  get next(): number | undefined {
    const [copy] = this.#copies;
    if (copy !== undefined || !this.#hasFirst) return copy;
    const [returned = this.#fresh] = this.#returned;
    return returned;
  }

  get #hasFirst(): boolean {
    this.#skipTaken();
    return this.#returned.size > 0 || this.#fresh < this.total;
  }

  /** Next index to place, what was given back first; it stays queued until `lease`. */
  take(): number | undefined {
    if (this.#copies.size > 0 && (this.#copiesInARow < COPIES_IN_A_ROW || !this.#hasFirst)) {
      const index = this.#copies.values().next().value;
      this.#copiesInARow += 1;
      if (index !== undefined) this.#copies.delete(index);
      return index;
    }
    this.#copiesInARow = 0;
    return this.takeFirst();
  }

  /** As `take`, but no copy. */
  takeFirst(): number | undefined {
    for (const index of this.#returned) {
      this.#returned.delete(index);
      if (this.#state[index] === QUEUED) return index;
    }
    this.#skipTaken();
    if (this.#fresh >= this.total) return undefined;
    const index = this.#fresh;
    this.#fresh += 1;
    return index;
  }

  #skipTaken(): void {
    while (this.#fresh < this.total && this.#state[this.#fresh] !== QUEUED) this.#fresh += 1;
    for (const index of this.#returned) {
      if (this.#state[index] === QUEUED) return;
      this.#returned.delete(index);
    }
  }

  /** Makes a taken or requeued index available to `take` again. */
  giveBack(index: number): void {
    if (this.#state[index] === QUEUED) this.#returned.add(index);
  }

  /** Returns the attempt's number, from 1. */
  lease(index: number): number {
    this.#set(index, LEASED);
    this.#attempts[index] = this.attempts(index) + 1;
    return this.attempts(index);
  }

  /** A further copy of the task waits for a node. */
  wantCopy(index: number): void {
    this.#copies.add(index);
  }

  /** It waits no more. */
  dropCopy(index: number): void {
    this.#copies.delete(index);
  }

  /** Returns the copy's number among the task's attempts. */
  leaseCopy(index: number): number {
    this.#attempts[index] = this.attempts(index) + 1;
    return this.attempts(index);
  }

  /** A copy has brought its result; no first run is wanted any more. */
  hold(index: number): void {
    this.#set(index, LEASED);
  }

  requeue(index: number): void {
    this.#set(index, QUEUED);
  }

  end(index: number, state: EndState): void {
    this.#set(index, CODES[state]);
    while (this.#prefix < this.total && this.hasEnded(this.#prefix)) {
      this.#prefix += 1;
    }
  }

  /** Ends every open task; returns the leased ones among them. */
  cancelOpen(): number[] {
    const leased: number[] = [];
    this.#copies.clear();
    for (let index = 0; index < this.total; index += 1) {
      const state = this.#state[index];
      if (state === LEASED) leased.push(index);
      if (state === LEASED || state === QUEUED) this.#set(index, CANCELLED);
    }
    this.#prefix = this.total;
    return leased;
  }

  /** Restores what the store knows of a task after a restart. */
  restore(index: number, state: TaskState, attempts: number): void {
    this.#set(index, CODES[state]);
    this.#attempts[index] = attempts;
    if (state !== 'queued' && state !== 'leased') this.end(index, state);
  }

  /** As `restore`, for an attempt that does not decide where its task stands. */
  restoreAttempts(index: number, attempts: number): void {
    this.#attempts[index] = Math.max(attempts, this.attempts(index));
  }

  #set(index: number, code: number): void {
    const before = this.#state[index] ?? QUEUED;
    this.#counts[before] = (this.#counts[before] ?? 0) - 1;
    this.#counts[code] = (this.#counts[code] ?? 0) + 1;
    this.#state[index] = code;
    if (before < SETTLED && code >= SETTLED) this.#onEnd();
  }
}
