/** Finished results until the coordinator has them durably; batched into frames, sent again after a reconnect. */
import { MAX_AGENT_FRAME_BYTES } from '@fog/wire';
import { MAX_RESULTS_PER_FRAME } from '../limits.ts';

interface Finished {
  readonly token: number;
  readonly json: string;
  readonly sizeBytes: number;
  /** Removes the spool files. */
  readonly dispose: () => void;
}

export interface OutboxLink {
  readonly open: boolean;
  sendText(text: string): void;
}

const HEAD = '{"type":"results","results":[';
const TAIL = ']}';

export class ResultOutbox {
  readonly #link: OutboxLink;
  readonly #finished = new Map<number, Finished>();
  #unsent: Finished[] = [];
  #sizeBytes = 0;
  #flushDue = false;

  constructor(link: OutboxLink) {
    this.#link = link;
  }

  get size(): number {
    return this.#finished.size;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  tokens(): number[] {
    return [...this.#finished.keys()];
  }

  has(token: number): boolean {
    return this.#finished.has(token);
  }

  /** `json` is one TaskResult. Goes out at the end of this turn of the event loop, with its neighbours. */
  add(token: number, json: string, dispose: () => void): void {
    const finished = { token, json, sizeBytes: Buffer.byteLength(json), dispose };
    this.#finished.set(token, finished);
    this.#sizeBytes += finished.sizeBytes;
    this.#unsent.push(finished);
    if (this.#flushDue) return;
    this.#flushDue = true;
    setImmediate(() => {
      this.#flushDue = false;
      this.flush();
    });
  }

  /** The coordinator has it, or does not want it. */
  forget(token: number): boolean {
    const finished = this.#finished.get(token);
    if (finished === undefined) return false;
    this.#finished.delete(token);
    this.#sizeBytes -= finished.sizeBytes;
    finished.dispose();
    return true;
  }

  clear(): void {
    for (const token of this.tokens()) this.forget(token);
  }

  /** For a new session: nothing that went into the old one counts as sent. */
  resend(): void {
    this.#unsent = [...this.#finished.values()];
    this.flush();
  }

  flush(): void {
    if (!this.#link.open) return;
    const unsent = this.#unsent;
    this.#unsent = [];
    let frame: string[] = [];
    let sizeBytes = HEAD.length + TAIL.length;
    for (const finished of unsent) {
      if (this.#finished.get(finished.token) !== finished) continue;
      const full = sizeBytes + finished.sizeBytes + 1 > MAX_AGENT_FRAME_BYTES;
      if (frame.length === MAX_RESULTS_PER_FRAME || (full && frame.length > 0)) {
        this.#send(frame);
        frame = [];
        sizeBytes = HEAD.length + TAIL.length;
      }
      frame.push(finished.json);
      sizeBytes += finished.sizeBytes + 1;
    }
    if (frame.length > 0) this.#send(frame);
  }

  #send(frame: readonly string[]): void {
    this.#link.sendText(`${HEAD}${frame.join(',')}${TAIL}`);
  }
}
