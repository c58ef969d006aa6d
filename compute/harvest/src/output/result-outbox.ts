/**
 * Finished results until the coordinator has them durably; batched into frames, each signed as a whole,
 * sent again after a reconnect.
 */
import type { Clock } from '@fog/kernel';
import { MAX_AGENT_FRAME_BYTES } from '@fog/wire';
import { FRAME_RESULTS, LINGER_MS, MAX_RESULTS_PER_FRAME } from '../limits.ts';

/** A result on its way. */
export interface OutgoingResult {
  readonly token: number;
  /** One TaskResult. */
  readonly json: string;
  /** Of its manifest. */
  readonly digest: string;
}

interface Finished extends OutgoingResult {
  readonly sizeBytes: number;
}

/** The node's signature, in base64, over the digests of one frame. */
export type SignBatch = (digests: readonly string[]) => string;

export interface OutboxLink {
  readonly open: boolean;
  sendText(text: string): void;
}

export interface OutboxPace {
  readonly clock: Pick<Clock, 'after'>;
  /** More results are expected at once: work waits on this node. */
  readonly hasMore: () => boolean;
}

const HEAD = '{"type":"results","results":[';
/** Characters of an Ed25519 signature in base64. */
const SIGNATURE_CHARS = 88;
const AROUND_BYTES = HEAD.length + tailOf('').length + SIGNATURE_CHARS;

export class ResultOutbox {
  readonly #link: OutboxLink;
  readonly #sign: SignBatch;
  readonly #finished = new Map<number, Finished>();
  #unsent: Finished[] = [];
  #sizeBytes = 0;
  readonly #pace: OutboxPace;
  #flushDue = false;
  #stopLingering: (() => void) | undefined;

  constructor(link: OutboxLink, sign: SignBatch, pace: OutboxPace) {
    this.#link = link;
    this.#sign = sign;
    this.#pace = pace;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /**
   * Goes out at the end of this turn of the event loop, or a moment later with those that come meanwhile
   * while work waits on this node: a frame costs a signature here and its check at the coordinator.
   */
  add(result: OutgoingResult): void {
    const finished = { ...result, sizeBytes: Buffer.byteLength(result.json) };
    this.#finished.set(result.token, finished);
    this.#sizeBytes += finished.sizeBytes;
    this.#unsent.push(finished);
    if (this.#flushDue) return;
    if (this.#pace.hasMore() && this.#unsent.length < FRAME_RESULTS) {
      this.#stopLingering ??= this.#pace.clock.after(LINGER_MS, () => this.flush());
      return;
    }
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
    return true;
  }

  clear(): void {
    for (const token of this.#finished.keys()) this.forget(token);
  }

  /** For a new session: nothing that went into the old one counts as sent. */
  resend(): void {
    this.#unsent = [...this.#finished.values()];
    this.flush();
  }

  flush(): void {
    this.#stopLingering?.();
    this.#stopLingering = undefined;
    if (!this.#link.open) return;
    const unsent = this.#unsent;
    this.#unsent = [];
    let frame: Finished[] = [];
    let sizeBytes = AROUND_BYTES;
    for (const finished of unsent) {
      if (this.#finished.get(finished.token) !== finished) continue;
      const full = sizeBytes + finished.sizeBytes + 1 > MAX_AGENT_FRAME_BYTES;
      if (frame.length === MAX_RESULTS_PER_FRAME || (full && frame.length > 0)) {
        this.#send(frame);
        frame = [];
        sizeBytes = AROUND_BYTES;
      }
      frame.push(finished);
      sizeBytes += finished.sizeBytes + 1;
    }
    if (frame.length > 0) this.#send(frame);
  }

  #send(frame: readonly Finished[]): void {
    const signature = this.#sign(frame.map(({ digest }) => digest));
    const results = frame.map(({ json }) => json).join(',');
    this.#link.sendText(`${HEAD}${results}${tailOf(signature)}`);
  }
}

function tailOf(signature: string): string {
  return `],"signature":"${signature}"}`;
}
