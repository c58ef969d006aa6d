/** Collects what one task produces and turns it into the outputs of its result. */
import path from 'node:path';
import { errorMessage } from '@fog/kernel';
import { MAX_OUTPUT_FILES, type OutputBytes, type OutputFile } from '@fog/wire';
import { INLINE_RESULT_BYTES, TRANSFERS_PER_TASK } from '../limits.ts';
import { eachLimited } from '../staging/each-limited.ts';
import type { UploadBody } from '../staging/transfer.ts';
import { type InlineBudget, OutputPart } from './output-part.ts';

export type UploadPart = (body: UploadBody) => Promise<void>;

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
  /** Content already handed over, by part. */
  readonly #uploaded = new Map<OutputPart, string>();
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

  /** What the result says of the outputs now; parts neither in memory nor uploaded have no bytes yet. */
  describe(): TaskOutputs {
    return {
      stdout: this.#bytes(this.#streams.stdout),
      stderr: this.#bytes(this.#streams.stderr),
      files: [...this.#files].map(([name, part]) => ({ path: name, bytes: this.#bytes(part) })),
    };
  }

  /** Hands over every part that is not in memory. */
  async uploadLarge(upload: UploadPart): Promise<void> {
    const large = this.#parts().filter((part) => part.inline() === undefined);
    await eachLimited(large, TRANSFERS_PER_TASK, (part) => this.#upload(part, upload));
  }

  /** Hands over the largest part that is still inline; false when there is none. */
  async uploadOneMore(upload: UploadPart): Promise<boolean> {
    const [largest] = this.#parts()
      .filter((part) => part.sizeBytes > 0 && !this.#uploaded.has(part))
      .sort((a, b) => b.sizeBytes - a.sizeBytes);
    if (largest === undefined) return false;
    await this.#upload(largest, upload);
    return true;
  }

  /** Removes the spool files. */
  discard(): void {
    this.#ended = true;
    for (const part of this.#parts()) part.discard();
  }

  #part(suffix: string): OutputPart {
    return new OutputPart(path.join(this.#spoolDir, `${this.#token}-${suffix}`), this.#budget);
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

  #bytes(part: OutputPart): OutputBytes {
    const { sizeBytes } = part;
    const content = this.#uploaded.get(part);
    if (content !== undefined) return { sizeBytes, content };
    const inline = part.inline();
    return inline === undefined
      ? { sizeBytes }
      : { sizeBytes, data: Buffer.from(inline).toString('base64') };
  }

  async #upload(part: OutputPart, upload: UploadPart): Promise<void> {
    const body = part.uploadBody();
    await upload(body);
    this.#uploaded.set(part, body.content);
  }
}
