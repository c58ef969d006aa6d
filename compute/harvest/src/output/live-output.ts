/**
 * Live output of one task: best effort and never in the way. Chunks keep the offsets of the whole
 * stream, so a reader sees where bytes were dropped; the result carries or names all of them.
 */
import { concatBytes } from '@fog/kernel';
import type { FromAgent } from '@fog/wire';
import { LIVE_BACKLOG_BYTES, LIVE_CHUNK_BYTES, LIVE_COALESCE_MS } from '../limits.ts';

export interface LiveSender {
  readonly open: boolean;
  readonly bufferedBytes: number;
  send(message: FromAgent): void;
}

interface Pending {
  chunks: Uint8Array[];
  sizeBytes: number;
  /** Of the first pending byte in its stream. */
  offset: number;
  sinceMs: number;
}

const STREAMS = ['stdout', 'stderr'] as const;

export class LiveOutput {
  readonly #token: number;
  readonly #sender: LiveSender;
  readonly #pending = { stdout: empty(), stderr: empty() };
  #droppedBytes = 0;

  constructor(token: number, sender: LiveSender) {
    this.#token = token;
    this.#sender = sender;
  }

  get droppedBytes(): number {
    return this.#droppedBytes;
  }

  /** Keeps `chunk` until it is sent or dropped. */
  add(stream: 'stdout' | 'stderr', chunk: Uint8Array, nowMs: number): void {
    const pending = this.#pending[stream];
    if (pending.sizeBytes === 0) pending.sinceMs = nowMs;
    pending.chunks.push(chunk);
    pending.sizeBytes += chunk.length;
    if (pending.sizeBytes >= LIVE_CHUNK_BYTES) this.#flush(stream);
  }

  /** Sends what has waited long enough. */
  tick(nowMs: number): void {
    for (const stream of STREAMS) {
      const { sizeBytes, sinceMs } = this.#pending[stream];
      if (sizeBytes > 0 && nowMs - sinceMs >= LIVE_COALESCE_MS) this.#flush(stream);
    }
  }

  #flush(stream: 'stdout' | 'stderr'): void {
    const pending = this.#pending[stream];
    const bytes = concatBytes(pending.chunks);
    for (let start = 0; start < bytes.length; start += LIVE_CHUNK_BYTES) {
      const part = bytes.subarray(start, start + LIVE_CHUNK_BYTES);
      this.#send(stream, pending.offset + start, part);
    }
    pending.offset += bytes.length;
    pending.chunks = [];
    pending.sizeBytes = 0;
  }

  #send(stream: 'stdout' | 'stderr', offset: number, part: Uint8Array): void {
    if (!this.#sender.open || this.#sender.bufferedBytes > LIVE_BACKLOG_BYTES) {
      this.#droppedBytes += part.length;
      return;
    }
    const data = Buffer.from(part.buffer, part.byteOffset, part.length).toString('base64');
    this.#sender.send({ type: 'output', token: this.#token, stream, offset, data });
  }
}

function empty(): Pending {
  return { chunks: [], sizeBytes: 0, offset: 0, sinceMs: 0 };
}
