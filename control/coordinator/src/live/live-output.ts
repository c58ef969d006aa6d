import type { OutputEvent } from '../api.ts';

/** Tail kept of each running stream for those who start to follow late. */
const MAX_TAIL_BASE64_CHARS = 64 * 1024;
/** Chunks of a tail, however small: what an agent sends byte by byte must not cost a hundred times its size. */
const MAX_TAIL_CHUNKS = 1_024;
/** Streams with a kept tail; the oldest is forgotten first, so the whole stays under 32 MiB. */
const MAX_TAILS = 512;

/** The recent output of running tasks. Complete output comes with the result, this is for watching. */
export class LiveOutput {
  /** By `token stream`, oldest first. */
  readonly #tails = new Map<string, { chunks: OutputEvent[]; chars: number }>();

  add(token: number, output: OutputEvent): void {
    if (output.data.length > MAX_TAIL_BASE64_CHARS) return;
    const key = `${token} ${output.stream}`;
    let tail = this.#tails.get(key);
    if (tail === undefined) {
      if (this.#tails.size >= MAX_TAILS) this.#tails.delete(this.#tails.keys().next().value ?? '');
      tail = { chunks: [], chars: 0 };
      this.#tails.set(key, tail);
    }
    tail.chunks.push(output);
    tail.chars += output.data.length;
    while (tail.chars > MAX_TAIL_BASE64_CHARS || tail.chunks.length > MAX_TAIL_CHUNKS) {
      tail.chars -= tail.chunks.shift()?.data.length ?? 0;
    }
  }

  /** What is kept of one lease, each stream in order. */
  of(token: number): OutputEvent[] {
    return (['stdout', 'stderr'] as const).flatMap(
      (stream) => this.#tails.get(`${token} ${stream}`)?.chunks ?? [],
    );
  }

  forget(token: number): void {
    this.#tails.delete(`${token} stdout`);
    this.#tails.delete(`${token} stderr`);
  }
}
