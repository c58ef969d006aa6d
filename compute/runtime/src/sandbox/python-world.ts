/**
 * Time and chance as the interpreter's host code finds them: in `Date`, `performance` and `node:crypto`. They are the
 * machine's until a strict program begins, and the task's from then on.
 */
import { createRequire } from 'node:module';
import { LogicalWorld } from '../guest/strict/logical-world.ts';

/** Longest wait of one call; the caller asks again. */
const MAX_WAIT_MS = 3_600_000;

type FillRandom = (bytes: Uint8Array) => Uint8Array;

export class PythonWorld {
  readonly #logical = new LogicalWorld();
  readonly #cell = new Int32Array(new SharedArrayBuffer(4));
  #isStrict = false;

  /** Puts itself in place of the machine's functions; before the interpreter loads. */
  install(): void {
    // Local time would tell where the machine is.
    process.env['TZ'] = 'UTC';
    const realNow = Date.now.bind(Date);
    Date.now = () => (this.#isStrict ? Number(this.#logical.realtimeNs() / 1_000_000n) : realNow());
    const realMonotonic = performance.now.bind(performance);
    performance.now = () =>
      this.#isStrict ? Number(this.#logical.monotonicNs()) / 1e6 : realMonotonic();
    const crypto = createRequire(import.meta.url)('node:crypto') as { randomFillSync: FillRandom };
    const fillReal = crypto.randomFillSync;
    crypto.randomFillSync = (bytes) => {
      if (!this.#isStrict) return fillReal(bytes);
      this.#logical.fillRandom(bytes);
      return bytes;
    };
  }

  /** From now on everything follows from the seed. */
  begin(seed: string): void {
    this.#logical.begin(seed);
    this.#isStrict = true;
  }

  /** Rests the thread, or lets logical time pass. */
  wait(durationMs: number): void {
    if (this.#isStrict) this.#logical.waitMs(durationMs);
    else Atomics.wait(this.#cell, 0, 0, Math.min(durationMs, MAX_WAIT_MS));
  }
}
