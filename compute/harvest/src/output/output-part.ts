import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import type { Hash } from 'node:crypto';
import path from 'node:path';
import { createSha256 } from '@fog/crypto';
import { concatBytes } from '@fog/kernel';
import { MAX_INLINE_OUTPUT_BYTES } from '@fog/wire';

/** Memory that the parts of one task share. */
export interface InlineBudget {
  leftBytes: number;
}

/**
 * One stream or output file of a task: small in memory, larger in a spool file. Writes are
 * synchronous; a sandbox is read no faster than this disk takes its output.
 */
export class OutputPart {
  readonly #file: string;
  readonly #budget: InlineBudget;
  #chunks: Uint8Array[] = [];
  #sizeBytes = 0;
  #spill: { readonly fd: number; readonly hash: Hash } | undefined;
  #spilled: string | undefined;

  constructor(file: string, budget: InlineBudget) {
    this.#file = file;
    this.#budget = budget;
  }

  /** Of the spool file, should there be one. */
  get name(): string {
    return path.basename(this.#file);
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Keeps `chunk`. Throws what the file system throws. */
  write(chunk: Uint8Array): void {
    this.#sizeBytes += chunk.length;
    if (this.#spill !== undefined) return this.#append(this.#spill, chunk);
    this.#chunks.push(chunk);
    this.#budget.leftBytes -= chunk.length;
    if (this.#sizeBytes > MAX_INLINE_OUTPUT_BYTES || this.#budget.leftBytes < 0) this.#startSpill();
  }

  /** No write follows. */
  end(): void {
    if (this.#spill === undefined) return;
    closeSync(this.#spill.fd);
    this.#spilled = this.#spill.hash.digest('hex');
    this.#spill = undefined;
  }

  /** The bytes when they are in memory. */
  inline(): Uint8Array | undefined {
    return this.#spilled === undefined ? concatBytes(this.#chunks) : undefined;
  }

  /** Content of the spool file, after `end`; undefined while the bytes are in memory. */
  get spilled(): string | undefined {
    return this.#spilled;
  }

  /** Moves the bytes to the spool file, after `end`. Throws what the file system throws. */
  spill(): void {
    this.#startSpill();
    this.end();
  }

  /** Removes the spool file. */
  discard(): void {
    this.end();
    if (this.#spilled !== undefined) rmSync(this.#file, { force: true });
    this.#chunks = [];
  }

  #startSpill(): void {
    // Here and not for each task: most have nothing to spill.
    mkdirSync(path.dirname(this.#file), { recursive: true, mode: 0o700 });
    const spill = { fd: openSync(this.#file, 'w', 0o600), hash: createSha256() };
    this.#spill = spill;
    const chunks = this.#chunks;
    this.#chunks = [];
    for (const chunk of chunks) {
      this.#budget.leftBytes += chunk.length;
      this.#append(spill, chunk);
    }
  }

  #append(spill: { readonly fd: number; readonly hash: Hash }, chunk: Uint8Array): void {
    spill.hash.update(chunk);
    for (let done = 0; done < chunk.length;) done += writeSync(spill.fd, chunk, done);
  }
}
