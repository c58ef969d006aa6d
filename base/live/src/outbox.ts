import { MAX_BATCH_BYTES, MAX_MESSAGE_BYTES, MAX_PENDING_BYTES } from './limits.ts';

/** Settles when the messages are sent, or lost. */
type SendBatch = (channel: string, messages: readonly string[]) => Promise<void>;

interface Batch {
  readonly messages: string[];
  sizeBytes: number;
}

/** Gathers the messages of one event-loop turn, and bounds what waits to be sent. */
export class Outbox {
  readonly #send: SendBatch;
  readonly #batches = new Map<string, Batch>();
  #pendingBytes = 0;
  #dropped = 0;
  #isPlanned = false;

  constructor(send: SendBatch) {
    this.#send = send;
  }

  get dropped(): number {
    return this.#dropped;
  }

  add(channel: string, message: string): void {
    const sizeBytes = Buffer.byteLength(message);
    if (sizeBytes > MAX_MESSAGE_BYTES || this.#pendingBytes + sizeBytes > MAX_PENDING_BYTES) {
      this.#dropped += 1;
      return;
    }
    this.#pendingBytes += sizeBytes;
    let batch = this.#batches.get(channel);
    if (batch !== undefined && batch.sizeBytes + sizeBytes > MAX_BATCH_BYTES) {
      this.#flush(channel, batch);
      batch = undefined;
    }
    if (batch === undefined) this.#batches.set(channel, (batch = { messages: [], sizeBytes: 0 }));
    batch.messages.push(message);
    batch.sizeBytes += sizeBytes;
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    setImmediate(() => this.flush());
  }

  flush(): void {
    this.#isPlanned = false;
    for (const [channel, batch] of this.#batches) this.#flush(channel, batch);
  }

  #flush(channel: string, { messages, sizeBytes }: Batch): void {
    this.#batches.delete(channel);
    void this.#send(channel, messages).finally(() => {
      this.#pendingBytes -= sizeBytes;
    });
  }
}
