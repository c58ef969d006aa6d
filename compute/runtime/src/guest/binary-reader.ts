/** The bytes end or bend where the WebAssembly binary format says otherwise. */
export class MalformedModule extends Error {
  override readonly name = 'MalformedModule';
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** A cursor over a WebAssembly binary. Every read is bounds-checked and throws MalformedModule. */
export class BinaryReader {
  readonly bytes: Uint8Array;
  offset: number;
  readonly end: number;

  constructor(bytes: Uint8Array, offset = 0, end = bytes.length) {
    this.bytes = bytes;
    this.offset = offset;
    this.end = end;
  }

  get done(): boolean {
    return this.offset >= this.end;
  }

  u8(): number {
    if (this.offset >= this.end) throw new MalformedModule('it ends too early', this.offset);
    return this.bytes[this.offset++] as number;
  }

  /** Unsigned LEB128 of at most 32 bits. */
  u32(): number {
    const first = this.u8();
    if (first < 0x80) return first;
    let value = first & 0x7f;
    for (let shift = 7; shift < 35; shift += 7) {
      const byte = this.u8();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        if (value > 0xffff_ffff) break;
        return value;
      }
    }
    throw new MalformedModule('it has a number over 32 bits', this.offset);
  }

  /** Steps over a LEB128 number of at most `maxBytes` bytes. */
  skipLeb(maxBytes: number): void {
    for (let count = 0; count < maxBytes; count += 1) if (this.u8() < 0x80) return;
    throw new MalformedModule('it has a number that is too long', this.offset);
  }

  skip(sizeBytes: number): void {
    if (sizeBytes > this.end - this.offset) {
      throw new MalformedModule('it ends too early', this.offset);
    }
    this.offset += sizeBytes;
  }

  /** A reader of the next `sizeBytes` bytes; this one moves behind them. */
  part(sizeBytes: number): BinaryReader {
    const start = this.offset;
    this.skip(sizeBytes);
    return new BinaryReader(this.bytes, start, this.offset);
  }

  name(): string {
    const sizeBytes = this.u32();
    const start = this.offset;
    this.skip(sizeBytes);
    return new TextDecoder().decode(this.bytes.subarray(start, this.offset));
  }
}

/** Unsigned LEB128 of a 32-bit number. */
export function encodeU32(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low + 128 : low);
  } while (rest > 0);
  return bytes;
}
