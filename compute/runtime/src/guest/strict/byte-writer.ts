/** A growing buffer for a WebAssembly binary. */
export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #sizeBytes = 0;

  constructor(capacityBytes: number) {
    this.#bytes = new Uint8Array(Math.max(capacityBytes, 64));
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#sizeBytes++] = value;
  }

  bytes(values: ArrayLike<number>): void {
    this.#reserve(values.length);
    this.#bytes.set(values, this.#sizeBytes);
    this.#sizeBytes += values.length;
  }

  /** Unsigned LEB128. */
  u32(value: number): void {
    this.#reserve(5);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#sizeBytes++] = (rest % 128) + 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#sizeBytes++] = rest;
  }

  /** Signed LEB128 of a number that is not negative. */
  signed(value: number): void {
    let rest = value;
    while (rest >= 64) {
      this.u8((rest % 128) + 128);
      rest = Math.floor(rest / 128);
    }
    this.u8(rest);
  }

  /** What was written; valid until the next write. */
  written(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#sizeBytes);
  }

  clear(): void {
    this.#sizeBytes = 0;
  }

  #reserve(sizeBytes: number): void {
    const needed = this.#sizeBytes + sizeBytes;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#sizeBytes));
    this.#bytes = grown;
  }
}
