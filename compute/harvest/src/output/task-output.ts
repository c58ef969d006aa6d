/** Collects what one task produces and turns it into the outputs of its result. */
import path from 'node:path';
import { errorMessage } from '@fog/kernel';
import { MAX_OUTPUT_FILES, type OutputBytes, type OutputFile } from '@fog/wire';
import { INLINE_RESULT_BYTES } from '../limits.ts';
import { type InlineBudget, OutputPart } from './output-part.ts';
import type { SpooledUpload } from './spool-record.ts';

export interface TaskOutputs {
  readonly stdout: OutputBytes;
  readonly stderr: OutputBytes;
  readonly files: OutputFile[];
}

export class TaskOutput {
  readonly #spoolDir: string;
  readonly #token: number;
  readonly #budget: InlineBudget = { leftBytes: INLINE_RESULT_BYTES };
  readonly #streams: { readonly stdout: OutputPart; readonly stderr: OutputPart };
  readonly #files = new Map<string, OutputPart>();
  #openFile: OutputPart | undefined;
  #problem: string | undefined;
  #ended = false;

  constructor(spoolDir: string, token: number) {
    this.#spoolDir = spoolDir;
    this.#token = token;
    this.#streams = { stdout: this.#part('stdout'), stderr: this.#part('stderr') };
  }

  /** Why the output is not whole: this machine's disk, or a runtime that hands back too many files. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Keeps `chunk`; false once the output cannot be kept, which ends the run. */
  stream(stream: 'stdout' | 'stderr', chunk: Uint8Array): boolean {
    return this.#write(this.#streams[stream], chunk);
  }

  file(name: string, chunk: Uint8Array): boolean {
    let part = this.#files.get(name);
    if (part === undefined) {
      if (this.#files.size >= MAX_OUTPUT_FILES) {
        this.#problem ??= `more than ${MAX_OUTPUT_FILES} output files`;
        return false;
      }
      this.#openFile?.end();
      part = this.#part(`f${this.#files.size}`);
      this.#openFile = part;
      this.#files.set(name, part);
    }
    return this.#write(part, chunk);
  }

  /** No output follows. */
  end(): void {
    this.#ended = true;
    for (const part of this.#parts()) part.end();
  }

  /** What the result says of the outputs; after `end`. */
  describe(): TaskOutputs {
    return {
      stdout: bytesOf(this.#streams.stdout),
      stderr: bytesOf(this.#streams.stderr),
      files: [...this.#files].map(([name, part]) => ({ path: name, bytes: bytesOf(part) })),
    };
  }

  /** What is to be uploaded before the result: every part that is not in it. */
  uploads(): SpooledUpload[] {
    return this.#parts().flatMap(({ spilled, name, sizeBytes }) =>
      spilled === undefined ? [] : [{ name, content: spilled, sizeBytes }],
    );
  }

  /** Takes the largest part out of the result; false when there is none. Throws what the file system throws. */
  spillOneMore(): boolean {
    const [largest] = this.#parts()
      .filter((part) => part.sizeBytes > 0 && part.spilled === undefined)
      .sort((a, b) => b.sizeBytes - a.sizeBytes);
    largest?.spill();
    return largest !== undefined;
  }

  /** Removes the spool files. */
  discard(): void {
    this.#ended = true;
    for (const part of this.#parts()) part.discard();
  }

  #part(suffix: string): OutputPart {
    const name = `${this.#token}-${suffix}`;
    return new OutputPart(path.join(this.#spoolDir, name), this.#budget);
  }

  #parts(): OutputPart[] {
    return [this.#streams.stdout, this.#streams.stderr, ...this.#files.values()];
  }

  #write(part: OutputPart, chunk: Uint8Array): boolean {
    if (this.#ended || this.#problem !== undefined) return false;
    try {
      part.write(chunk);
      return true;
    } catch (error) {
      this.#problem = errorMessage(error);
      return false;
    }
  }
}

function bytesOf(part: OutputPart): OutputBytes {
  const { sizeBytes, spilled } = part;
  if (spilled !== undefined) return { sizeBytes, content: spilled };
  const inline = part.inline() ?? new Uint8Array();
  return { sizeBytes, data: Buffer.from(inline).toString('base64') };
}
