import type { Instance } from './instance.ts';
import { RESOURCES } from './node-tables.ts';

/** A sum of shares may miss the whole by a rounding. */
const ROUNDING = 1e-9;

/** What the tasks that start at once hold together of each node: nothing of it is free before they end. */
export class Room {
  readonly #instance: Instance;
  readonly #held: Float64Array;
  /** What they may hold. */
  readonly #most: Float64Array;

  constructor(instance: Instance) {
    this.#instance = instance;
    this.#held = new Float64Array(instance.free.length);
    this.#most = instance.free.map(
      (free, row) => free + ROUNDING * (instance.capacity[row] as number),
    );
  }

  clear(): void {
    this.#held.fill(0);
  }

  empty(node: number): void {
    this.#held.fill(0, node * RESOURCES, (node + 1) * RESOURCES);
  }

  count(kind: number, node: number, sign: 1 | -1): void {
    const { isKindAtOnce, wanted, demand } = this.#instance;
    if (isKindAtOnce[kind] === 0) return;
    for (const at of wanted) {
      const row = node * RESOURCES + at;
      this.#held[row] =
        (this.#held[row] as number) + sign * (demand[kind * RESOURCES + at] as number);
    }
  }

  /** What the node lacks, as shares of it. */
  excessOn(node: number): number {
    const { wanted, capacity } = this.#instance;
    let excess = 0;
    for (let each = 0; each < wanted.length; each += 1) {
      const row = node * RESOURCES + (wanted[each] as number);
      const over = (this.#held[row] as number) - (this.#most[row] as number);
      if (over > 0) excess += over / (capacity[row] as number);
    }
    return excess;
  }

  /** What a task of the kind would lack there, beside what lacks already. */
  excessOf(kind: number, node: number): number {
    const { isKindAtOnce, demand, wanted, capacity } = this.#instance;
    if (isKindAtOnce[kind] === 0) return 0;
    let excess = 0;
    for (let each = 0; each < wanted.length; each += 1) {
      const at = wanted[each] as number;
      const row = node * RESOURCES + at;
      const held = this.#held[row] as number;
      const most = this.#most[row] as number;
      const after = held + (demand[kind * RESOURCES + at] as number);
      if (after > most) excess += (after - Math.max(held, most)) / (capacity[row] as number);
    }
    return excess;
  }
}
