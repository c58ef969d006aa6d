import { GROWTH } from './added-functions.ts';
import { ADDED_EXPORTS } from './instrument.ts';
import { BYTES_PER_FUEL } from './fuel-costs.ts';

/** Fuel of a program without a limit of its own: more than a week of any machine, and still an exact number. */
const UNLIMITED_FUEL: number = Number.MAX_SAFE_INTEGER;

interface Counter<T> {
  value: T;
}

/** The fuel is gone: thrown through the guest, which cannot catch it. */
export class FuelGone extends Error {
  override readonly name = 'FuelGone';
}

/** What one run of an instrumented module may use: set before it starts, read when it ended. */
export class Budget {
  /** The budget of a module the pass was over; undefined for one as it came. */
  static of(
    exports: Readonly<Record<string, unknown>>,
    fuelLimit: number | undefined,
  ): Budget | undefined {
    return ADDED_EXPORTS.fuel in exports ? new Budget(exports, fuelLimit) : undefined;
  }

  readonly #limit: number;
  readonly #fuel: Counter<bigint>;
  readonly #stack: Counter<number>;
  readonly #growth: Counter<number>;
  readonly #start: (() => void) | undefined;

  constructor(exports: Readonly<Record<string, unknown>>, fuelLimit: number | undefined) {
    this.#limit = fuelLimit ?? UNLIMITED_FUEL;
    this.#fuel = exports[ADDED_EXPORTS.fuel] as Counter<bigint>;
    this.#stack = exports[ADDED_EXPORTS.stack] as Counter<number>;
    this.#growth = exports[ADDED_EXPORTS.growth] as Counter<number>;
    this.#start = exports[ADDED_EXPORTS.start] as (() => void) | undefined;
    this.#fuel.value = BigInt(this.#limit);
  }

  /** The module's start function, which instantiation would have run without a budget. */
  start(): void {
    this.#start?.();
  }

  /** The host touched this much of the guest's memory for it. */
  payBytes(sizeBytes: number): void {
    const left = this.#fuel.value - BigInt(Math.ceil(sizeBytes / BYTES_PER_FUEL));
    this.#fuel.value = left;
    if (left < 0n) throw new FuelGone();
  }

  /** Units burnt, at most the limit. */
  get burnt(): number {
    const left = Number(this.#fuel.value);
    return left < 0 ? this.#limit : this.#limit - left;
  }

  get limit(): number {
    return this.#limit;
  }

  get isFuelGone(): boolean {
    return this.#fuel.value < 0n;
  }

  get isStackFull(): boolean {
    return this.#stack.value < 0;
  }

  /** Whether the last memory.grow was refused, by the job's limit or by a machine without memory. */
  get wasGrowthRefused(): boolean {
    return this.#growth.value !== GROWTH.granted;
  }
}
