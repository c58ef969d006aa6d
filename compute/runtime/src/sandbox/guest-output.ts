import { mebibytes } from '../guest/pages.ts';
import type { AnswerPipe } from './answer-pipe.ts';
import type { GuestEnd, GuestIo } from './guest.ts';
import {
  chunksOf,
  type GuestFailureCode,
  MAX_CHUNK_BYTES,
  type RunLimits,
  toBase64,
} from './protocol.ts';

type StreamName = 'stdout' | 'stderr';

/** Pieces sent at once before gathering begins: a person sees the first lines immediately. */
const BURST_FRAMES = 256;
/** After the burst, one frame for each such span: a program that prints single bytes cannot drown the agent. */
const FRAME_INTERVAL_MS = 2;
/** Gathered bytes of one stream are sent at this size. */
const GATHER_BYTES = 16 * 1024;

/** Taken before a runtime may replace it: how often output is sent has nothing to do with the program's time. */
const machineNowMs = performance.now.bind(performance);

/** The guest's side of one run: streams, files and the end, counted against the limits. */
export class GuestOutput implements GuestIo {
  readonly #pipe: AnswerPipe;
  readonly #limits: RunLimits;
  readonly #sentBytes: Record<StreamName, number> = { stdout: 0, stderr: 0 };
  #gathered: Uint8Array[] = [];
  #gatheredBytes = 0;
  #gatheredStream: StreamName = 'stdout';
  #credit = BURST_FRAMES;
  #creditAtMs = 0;
  #fileBytes = 0;
  #files = 0;
  #cpuAtStart: NodeJS.CpuUsage = process.cpuUsage();

  constructor(pipe: AnswerPipe, limits: RunLimits) {
    this.#pipe = pipe;
    this.#limits = limits;
  }

  running(): void {
    this.#cpuAtStart = process.cpuUsage();
    this.#pipe.send({ type: 'running' });
  }

  output(stream: StreamName, bytes: Uint8Array): void {
    const room = this.#limits.streamBytes - this.#sentBytes[stream];
    const fitting = bytes.length > room ? bytes.subarray(0, room) : bytes;
    this.#sentBytes[stream] += fitting.length;
    if (fitting.length > 0) this.#gather(stream, fitting);
    if (fitting.length < bytes.length) {
      this.flush();
      this.#stop(
        'OUTPUT_LIMIT',
        `the program wrote more than ${mebibytes(this.#limits.streamBytes)} to ${stream}`,
      );
    }
    if (this.#gatheredBytes >= GATHER_BYTES || this.#mayFlush()) this.flush();
  }

  flush(): void {
    if (this.#gatheredBytes === 0) return;
    const bytes = this.#gathered.length === 1 ? this.#gathered[0] : Buffer.concat(this.#gathered);
    this.#gathered = [];
    this.#gatheredBytes = 0;
    for (const chunk of chunksOf(bytes ?? new Uint8Array())) {
      this.#pipe.send({ type: 'output', stream: this.#gatheredStream, data: toBase64(chunk) });
    }
  }

  file(path: string, bytes: Uint8Array): void {
    this.flush();
    this.#files += 1;
    this.#fileBytes += bytes.length;
    if (this.#files > this.#limits.outputFiles) {
      this.#stop(
        'DISK_LIMIT',
        `the program hands back more than ${this.#limits.outputFiles} files`,
      );
    }
    if (this.#fileBytes > this.#limits.diskBytes) {
      this.#stop('DISK_LIMIT', `the files handed back exceed ${mebibytes(this.#limits.diskBytes)}`);
    }
    for (const chunk of chunksOf(bytes)) {
      this.#pipe.send({ type: 'file', path, data: toBase64(chunk) });
    }
  }

  end(end: GuestEnd): void {
    this.flush();
    const cpu = process.cpuUsage(this.#cpuAtStart);
    this.#pipe.send({ type: 'end', ...end, cpuMs: (cpu.user + cpu.system) / 1000 });
  }

  #gather(stream: StreamName, bytes: Uint8Array): void {
    if (stream !== this.#gatheredStream) this.flush();
    this.#gatheredStream = stream;
    // The guest reuses its memory after the call, so the piece is copied.
    for (let start = 0; start < bytes.length; start += MAX_CHUNK_BYTES) {
      const piece = bytes.slice(start, start + MAX_CHUNK_BYTES);
      this.#gathered.push(piece);
      this.#gatheredBytes += piece.length;
      if (this.#gatheredBytes >= MAX_CHUNK_BYTES) this.flush();
    }
  }

  #mayFlush(): boolean {
    if (this.#credit > 0) {
      this.#credit -= 1;
      return true;
    }
    const nowMs = machineNowMs();
    if (nowMs - this.#creditAtMs < FRAME_INTERVAL_MS) return false;
    this.#creditAtMs = nowMs;
    return true;
  }

  /** Ends the run from below: no guest code, not even an exception handler of it, runs after this. */
  #stop(code: GuestFailureCode, message: string): never {
    this.end({ exitCode: 137, failure: { code, message }, peakMemoryBytes: 0 });
    process.kill(process.pid, 'SIGKILL');
    throw new Error('unreachable: the process was killed');
  }
}
