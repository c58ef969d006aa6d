import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Where Pyodide writes the length of what precedes the memory. */
const HEAD_LENGTH_AT = 4;
const FIXED_HEAD_BYTES = 16;

/**
 * A memory snapshot read straight into the interpreter's memory. Pyodide would take it as one array and copy it, which costs its size
 * again in memory and a tenth of the start; so it is given the head alone, and its restore step is completed here.
 */
export class SnapshotFile {
  readonly #descriptor: number;
  readonly #sizeBytes: number;
  /** What precedes the memory: version, and the state outside of it. */
  readonly head: Uint8Array;

  constructor(path: string) {
    this.#descriptor = openSync(path, 'r');
    this.#sizeBytes = fstatSync(this.#descriptor).size;
    const fixed = this.#read(new Uint8Array(FIXED_HEAD_BYTES), 0);
    const headBytes = new DataView(fixed.buffer).getUint32(HEAD_LENGTH_AT, true);
    if (headBytes > this.#sizeBytes) throw new RangeError('the snapshot is cut short');
    this.head = this.#read(new Uint8Array(headBytes), 0);
  }

  /** Fills the memory in the step where Pyodide restores it. */
  restoreInto(
    machine: { readonly memory: { readonly buffer: ArrayBuffer } },
    settings: { readonly API: { restoreSnapshot(head: Uint8Array): unknown } },
  ): void {
    const restore = settings.API.restoreSnapshot.bind(settings.API);
    settings.API.restoreSnapshot = (head) => {
      const state = restore(head);
      const sizeBytes = this.#sizeBytes - this.head.length;
      if (sizeBytes > machine.memory.buffer.byteLength) {
        throw new RangeError('the snapshot is larger than the memory an interpreter starts with');
      }
      this.#read(new Uint8Array(machine.memory.buffer, 0, sizeBytes), this.head.length);
      return state;
    };
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #read(target: Uint8Array<ArrayBuffer>, position: number): Uint8Array<ArrayBuffer> {
    let filled = 0;
    while (filled < target.length) {
      const got = readSync(
        this.#descriptor,
        target,
        filled,
        target.length - filled,
        position + filled,
      );
      if (got === 0) throw new RangeError('the snapshot is cut short');
      filled += got;
    }
    return target;
  }
}
