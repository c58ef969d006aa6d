import { createHash, type Hash } from 'node:crypto';

/**
 * What of one output stream has been printed. Live chunks are best effort: they may be dropped, repeated
 * after a reconnect, or come from a second attempt; each byte is printed once all the same.
 */
export interface LiveStream {
  /** Bytes printed so far. */
  readonly printed: number;
  /** True when an attempt said other bytes than the one printed before it. */
  readonly differs: boolean;
  /** The part of a live chunk that has not been printed and follows without gap; undefined when none. */
  accept(attempt: number, offset: number, chunk: Uint8Array): Uint8Array | undefined;
  /** The attempt that counts, from now on the only one: the offset to read its stored stream from. */
  settle(final: number): number;
  /** True when the stored stream ended before what was printed did, or said something else. */
  endDiffers(sizeBytes: number): boolean;
}

export function createLiveStream(): LiveStream {
  const printedHash = createHash('sha256');
  let printed = 0;
  let differs = false;
  let attempt = 0;
  /** Bytes of this attempt seen without gap. */
  let seen = 0;
  /** Hash of what this attempt repeats of the printed bytes; undefined when it is the printed one. */
  let repeat: Hash | undefined;

  const begin = (next: number): void => {
    attempt = next;
    seen = 0;
    repeat = printed === 0 ? undefined : createHash('sha256');
  };
  const compare = (chunk: Uint8Array): Uint8Array => {
    const known = Math.min(chunk.length, Math.max(0, printed - seen));
    if (known > 0) repeat?.update(chunk.subarray(0, known));
    seen += chunk.length;
    if (repeat !== undefined && seen >= printed) {
      differs ||= repeat.digest('hex') !== printedHash.copy().digest('hex');
      repeat = undefined;
    }
    return chunk.subarray(known);
  };
  return {
    get printed(): number {
      return printed;
    },
    get differs(): boolean {
      return differs;
    },
    accept: (from, offset, chunk) => {
      if (from < attempt) return undefined;
      if (from > attempt) begin(from);
      // A gap: what is missing is read from the stored stream at the end.
      if (offset > seen) return undefined;
      const fresh = chunk.subarray(seen - offset);
      if (fresh.length === 0) return undefined;
      const rest = compare(fresh);
      if (rest.length === 0) return undefined;
      printedHash.update(rest);
      printed += rest.length;
      return rest;
    },
    settle: (final) => {
      if (final !== attempt) begin(final);
      return seen;
    },
    endDiffers: (sizeBytes) => {
      if (sizeBytes < printed) differs = true;
      return differs;
    },
  };
}
