/** Called with `count` whole units that follow each other in `bytes` from `offset` on. */
export type OnUnits = (bytes: Buffer, offset: number, count: number) => void;

/** Cuts a stream into units of one size without copying those that arrive whole. */
export class UnitFramer {
  readonly #unitBytes: number;
  readonly #onUnits: OnUnits;
  readonly #carry: Buffer;
  #carried = 0;

  constructor(unitBytes: number, onUnits: OnUnits) {
    this.#unitBytes = unitBytes;
    this.#onUnits = onUnits;
    this.#carry = Buffer.alloc(unitBytes);
  }

  /** Bytes of a unit that has not arrived whole. */
  get pending(): number {
    return this.#carried;
  }

  feed(chunk: Buffer): void {
    const start = this.#carried === 0 ? 0 : this.#complete(chunk);
    const count = Math.floor((chunk.length - start) / this.#unitBytes);
    if (count > 0) this.#onUnits(chunk, start, count);
    const rest = start + count * this.#unitBytes;
    if (rest === chunk.length) return;
    chunk.copy(this.#carry, this.#carried, rest);
    this.#carried += chunk.length - rest;
  }

  /** Takes what the carried unit lacks; the place in the chunk after it. */
  #complete(chunk: Buffer): number {
    const lacks = this.#unitBytes - this.#carried;
    if (chunk.length < lacks) return 0;
    chunk.copy(this.#carry, this.#carried, 0, lacks);
    this.#carried = 0;
    this.#onUnits(this.#carry, 0, 1);
    return lacks;
  }
}
