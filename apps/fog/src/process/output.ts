import type { Writable } from 'node:stream';
import { errorMessage } from '@fog/kernel';
import { fail } from '../errors.ts';

/** stdout or stderr of this process. */
export interface Output {
  readonly isTerminal: boolean;
  /** Characters in a line of the terminal. */
  readonly columns: number;
  /** Aborted when the reader went away: nothing written from then on arrives. */
  readonly closed: AbortSignal;
  /** Settles when the reader took the bytes: awaiting it is the back-pressure. */
  write(chunk: Uint8Array | string): Promise<void>;
}

/** What a terminal has that does not say. */
const DEFAULT_COLUMNS = 80;
const GONE: ReadonlySet<string> = new Set(['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED']);

export function createOutput(
  stream: Writable & { isTTY?: boolean; columns?: number },
  name: string,
): Output {
  const closed = new AbortController();
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (GONE.has(error.code ?? '')) closed.abort();
  });
  return {
    isTerminal: stream.isTTY === true,
    get columns(): number {
      // A terminal without a size reports 0.
      return stream.columns || DEFAULT_COLUMNS;
    },
    closed: closed.signal,
    write: (chunk) => {
      if (closed.signal.aborted || chunk.length === 0) return Promise.resolve();
      return new Promise((resolve, reject) => {
        stream.write(chunk, (error?: NodeJS.ErrnoException | null) => {
          if (error === undefined || error === null) {
            resolve();
          } else if (GONE.has(error.code ?? '')) {
            closed.abort();
            resolve();
          } else {
            reject(writeError(name, error));
          }
        });
      });
    },
  };
}

function writeError(name: string, cause: Error): Error {
  return fail('FOG_OUTPUT', { message: `Cannot write to ${name}: ${errorMessage(cause)}.`, cause });
}
