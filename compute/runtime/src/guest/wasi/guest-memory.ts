import { Errno, WasiError } from './errno.ts';
import type { WasmMemory } from '../web-assembly.ts';

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder('utf-8', { fatal: true });

/** Whoever accounts for the bytes the host reads and writes; it may end the guest by an exception of its own. */
export interface MemoryPayer {
  payBytes(sizeBytes: number): void;
}

/** Bounds-checked access to the guest's memory. A pointer outside of it is EFAULT, never an exception of ours. */
export class GuestMemory {
  readonly #memory: WasmMemory;
  readonly #payer: MemoryPayer | undefined;
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView<ArrayBuffer>;

  constructor(memory: WasmMemory, payer?: MemoryPayer) {
    this.#memory = memory;
    this.#payer = payer;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#view = new DataView(memory.buffer);
  }

  get sizeBytes(): number {
    return this.#memory.buffer.byteLength;
  }

  /** A window of the guest's memory itself; do not keep it over a return to the guest. */
  slice(pointer: number, sizeBytes: number): Uint8Array<ArrayBuffer> {
    const start = pointer >>> 0;
    const size = sizeBytes >>> 0;
    this.#check(start, size);
    this.#payer?.payBytes(size);
    return this.#bytes.subarray(start, start + size);
  }

  u8(pointer: number): number {
    return this.#at(pointer, 1).getUint8(pointer >>> 0);
  }

  u16(pointer: number): number {
    return this.#at(pointer, 2).getUint16(pointer >>> 0, true);
  }

  u32(pointer: number): number {
    return this.#at(pointer, 4).getUint32(pointer >>> 0, true);
  }

  u64(pointer: number): bigint {
    return this.#at(pointer, 8).getBigUint64(pointer >>> 0, true);
  }

  setU8(pointer: number, value: number): void {
    this.#at(pointer, 1).setUint8(pointer >>> 0, value);
  }

  setU16(pointer: number, value: number): void {
    this.#at(pointer, 2).setUint16(pointer >>> 0, value, true);
  }

  setU32(pointer: number, value: number): void {
    this.#at(pointer, 4).setUint32(pointer >>> 0, value, true);
  }

  setU64(pointer: number, value: bigint): void {
    this.#at(pointer, 8).setBigUint64(pointer >>> 0, value, true);
  }

  /** UTF-8 text; malformed text is EILSEQ. */
  text(pointer: number, sizeBytes: number): string {
    const bytes = this.slice(pointer, sizeBytes);
    try {
      return strictDecoder.decode(bytes);
    } catch {
      throw new WasiError(Errno.ILSEQ);
    }
  }

  /** The windows an iovec array names, in order. */
  *vectors(pointer: number, count: number): Generator<Uint8Array<ArrayBuffer>> {
    const total = count >>> 0;
    this.#at(pointer, total * 8);
    for (let index = 0; index < total; index += 1) {
      const at = (pointer >>> 0) + index * 8;
      yield this.slice(this.u32(at), this.u32(at + 4));
    }
  }

  /** NUL-terminated strings with their pointers, as args_get and environ_get hand them over. */
  setStrings(strings: readonly Uint8Array[], pointers: number, buffer: number): void {
    let at = buffer >>> 0;
    for (const [index, bytes] of strings.entries()) {
      this.setU32((pointers >>> 0) + index * 4, at);
      this.slice(at, bytes.length).set(bytes);
      at += bytes.length;
    }
  }

  #at(pointer: number, sizeBytes: number): DataView<ArrayBuffer> {
    this.#check(pointer >>> 0, sizeBytes);
    return this.#view;
  }

  /** The buffer is detached and replaced when the guest grows its memory. */
  #check(start: number, sizeBytes: number): void {
    if (this.#bytes.byteLength !== this.#memory.buffer.byteLength) {
      this.#bytes = new Uint8Array(this.#memory.buffer);
      this.#view = new DataView(this.#memory.buffer);
    }
    if (start + sizeBytes > this.#bytes.byteLength) throw new WasiError(Errno.FAULT);
  }
}

/** UTF-8 with a closing NUL. */
export function cString(text: string): Uint8Array {
  return encoder.encode(`${text}\0`);
}
