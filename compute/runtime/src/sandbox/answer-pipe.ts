import { writeSync } from 'node:fs';
import { type AnswerFrame, encodeFrame } from './protocol.ts';

/**
 * Descriptor 1 of the sandbox process. Writes block, which is the back-pressure of a program that prints
 * faster than the agent reads. `process.stdout` is never touched: it would make the descriptor non-blocking.
 */
export class AnswerPipe {
  #pending: Uint8Array[] = [];

  /** Keeps the frame until the next `send`. */
  hold(frame: AnswerFrame): void {
    this.#pending.push(encodeFrame(frame));
  }

  /** Writes what is held and the frame. */
  send(frame: AnswerFrame): void {
    this.hold(frame);
    const bytes = this.#pending.length === 1 ? this.#pending[0] : Buffer.concat(this.#pending);
    this.#pending = [];
    if (bytes !== undefined) writeAll(bytes);
  }
}

function writeAll(bytes: Uint8Array): void {
  let offset = 0;
  while (offset < bytes.length) {
    try {
      offset += writeSync(1, bytes, offset, bytes.length - offset);
    } catch (error) {
      // Nobody reads any more: the agent is gone.
      if ((error as NodeJS.ErrnoException).code === 'EPIPE') process.kill(process.pid, 'SIGKILL');
      throw error;
    }
  }
}
