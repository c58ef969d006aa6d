/** Lets through `ratePerSecond` on average and `burst` at once. No timer: time is given with each question. */
export class UnitBucket {
  readonly #ratePerMs: number;
  readonly #burst: number;
  #tokens: number;
  #lastMs: number;

  constructor(ratePerSecond: number, burst: number, nowMs: number) {
    this.#ratePerMs = ratePerSecond / 1000;
    this.#burst = burst;
    this.#tokens = burst;
    this.#lastMs = nowMs;
  }

  /** How many of `count` may pass now. */
  take(count: number, nowMs: number): number {
    const refill = (nowMs - this.#lastMs) * this.#ratePerMs;
    this.#lastMs = nowMs;
    this.#tokens = Math.min(this.#burst, this.#tokens + refill);
    const granted = Math.min(count, Math.floor(this.#tokens));
    this.#tokens -= granted;
    return granted;
  }
}
