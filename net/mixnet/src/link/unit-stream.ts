/** An established link: a TLS socket that carries units of one size both ways, and nothing else. */
import type { TLSSocket } from 'node:tls';
import { type Clock, TokenBucket } from '@fog/kernel';
import { KEEP_ALIVE_MS, LINGER_MS, STALL_MS } from './limits.ts';
import type { LinkEnd } from './link-ports.ts';
import type { OutputQueue } from './output-queue.ts';
import { UnitFramer, type OnUnits } from './unit-framer.ts';

export interface UnitStreamOptions {
  readonly socket: TLSSocket;
  readonly clock: Clock;
  readonly unitBytes: number;
  readonly queue: OutputQueue;
  readonly maxQueue: number;
  readonly rate: number;
  readonly burst: number;
  readonly idleMs: number;
  /** Units over the rate since shortly before, at which the link is cut; never for relays. */
  readonly maxExcess?: number;
}

export interface UnitStreamHandlers {
  readonly onUnits: OnUnits;
  readonly onExcess: (count: number) => void;
  /** Once. `lost` units were in the queue; `truncated` says that a unit ended in its middle. */
  readonly onEnd: (reason: LinkEnd, lost: number, truncated: boolean) => void;
}

export class UnitStream {
  readonly #options: UnitStreamOptions;
  readonly #handlers: UnitStreamHandlers;
  readonly #framer: UnitFramer;
  readonly #bucket: TokenBucket;
  #nowMs: number;
  #activeMs: number;
  #writes = 0;
  #writeMovedMs: number;
  #sentUnits = 0;
  #excess = 0;
  #ended = false;

  constructor(options: UnitStreamOptions, handlers: UnitStreamHandlers) {
    this.#options = options;
    this.#handlers = handlers;
    this.#nowMs = options.clock.monotonicMs();
    this.#activeMs = this.#nowMs;
    this.#writeMovedMs = this.#nowMs;
    this.#bucket = new TokenBucket(options, this.#nowMs);
    this.#framer = new UnitFramer(options.unitBytes, this.#take);
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** From here on units flow; `early` came with the last bytes of the handshake. */
  begin(early: Buffer): void {
    const { socket, queue, maxQueue } = this.#options;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.on('data', this.#feed);
    socket.on('error', () => this.end('error'));
    socket.on('end', () => this.end('peer'));
    socket.on('close', () => this.end('peer'));
    queue.attach((bytes, done) => {
      // After a failed write nothing is done: the socket ends, and what was with it is lost.
      socket.write(bytes, (error) => (error ? undefined : done()));
    }, maxQueue);
    if (early.length > 0) this.#feed(early);
    if (socket.destroyed) this.end('peer');
    else socket.resume();
  }

  /** Resolves when the socket is gone. */
  get closed(): Promise<void> {
    const { socket } = this.#options;
    if (socket.closed) return Promise.resolve();
    return new Promise((resolve) => void socket.once('close', () => resolve()));
  }

  /** Nothing is handed on any more. What was taken for sending still goes out when this end closes by itself. */
  end(reason: LinkEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    const { socket, queue } = this.#options;
    let lost = 0;
    if (reason === 'local' && queue.units > 0) this.#drain();
    else {
      lost = queue.end();
      socket.destroy();
    }
    this.#handlers.onEnd(reason, lost, this.#framer.pending > 0);
  }

  #drain(): void {
    const { socket, queue, clock } = this.#options;
    const cancel = clock.after(LINGER_MS, () => socket.destroy());
    socket.once('close', () => {
      cancel();
      queue.end();
    });
    queue.finish(() => socket.end());
  }

  /** Cuts the link when it is idle or stalled, and gives memory back. */
  sweep(nowMs: number): void {
    const { queue, idleMs } = this.#options;
    if (queue.writes !== this.#writes || !queue.writing) this.#writeMovedMs = nowMs;
    this.#writes = queue.writes;
    if (queue.writtenUnits !== this.#sentUnits) this.#activeMs = nowMs;
    this.#sentUnits = queue.writtenUnits;
    this.#excess = Math.floor(this.#excess / 2);
    queue.trim();
    if (nowMs - this.#writeMovedMs > STALL_MS) this.end('stalled');
    else if (nowMs - this.#activeMs > idleMs) this.end('idle');
  }

  readonly #feed = (chunk: Buffer): void => {
    if (this.#ended) return;
    this.#nowMs = this.#options.clock.monotonicMs();
    this.#framer.feed(chunk);
  };

  /** A link is alive by whole units: one that brings a byte now and then is idle. */
  readonly #take: OnUnits = (bytes, offset, count) => {
    if (this.#ended) return;
    this.#activeMs = this.#nowMs;
    const granted = this.#bucket.take(count, this.#nowMs);
    if (granted < count) this.#refuse(count - granted);
    if (granted > 0) this.#handlers.onUnits(bytes, offset, granted);
  };

  #refuse(count: number): void {
    this.#handlers.onExcess(count);
    this.#excess += count;
    const { maxExcess } = this.#options;
    if (maxExcess !== undefined && this.#excess > maxExcess) this.end('flood');
  }
}
