/** Lets through `rate` units a second on average and `burst` at once. No timer: each question says when it is asked. */
export class TokenBucket {
  readonly #ratePerMs: number;
  readonly #burst: number;
  /** Below zero: taken on credit. */
  #units: number;
  #atMs: number;

  /** Times are monotonic milliseconds. */
  constructor({ rate, burst }: { readonly rate: number; readonly burst: number }, nowMs: number) {
    this.#ratePerMs = rate / 1000;
    this.#burst = burst;
    this.#units = burst;
    this.#atMs = nowMs;
  }

  /** How many of `count` whole units may pass now. */
  take(count: number, nowMs: number): number {
    this.#fill(nowMs);
    const granted = Math.max(0, Math.min(count, Math.floor(this.#units)));
    this.#units -= granted;
    return granted;
  }

  /** Takes all of them, on credit when there are too few. */
  spend(count: number, nowMs: number): void {
    this.#fill(nowMs);
    this.#units -= count;
  }

  /** Milliseconds until `count` units are there; for none, until what was taken on credit is paid. */
  waitMs(count: number, nowMs: number): number {
    this.#fill(nowMs);
    return Math.max(0, Math.ceil((count - this.#units) / this.#ratePerMs));
  }

  #fill(nowMs: number): void {
    this.#units = Math.min(this.#burst, this.#units + (nowMs - this.#atMs) * this.#ratePerMs);
    this.#atMs = nowMs;
  }
}
