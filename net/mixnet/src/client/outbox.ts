/**
 * Packets on their way to the gateway. They are made at the moment they are sent, for the gateway and the
 * keys of that moment. Without cover they go as fast as a token bucket allows; in a stream, one at each tick.
 */
import { type Clock, TokenBucket } from '@fog/kernel';
import { PACKET_BYTES } from '@fog/sphinx';
import { fail } from '../errors.ts';
import { CLIENT_FRAME } from '../link/client-frames.ts';
import type { FrameLink } from '../link/link-ports.ts';
import {
  MAX_LINK_WAIT_MS,
  MAX_PACKET_BURST,
  MAX_PACKETS_PER_SECOND,
  MAX_PACKETS_PER_TURN,
  MAX_QUEUED_FRAMES,
  MAX_WAITING_PACKETS,
  QUEUE_RETRY_MS,
} from './limits.ts';

/** Writes the packet, for which the gateway `entry` is the first hop. May throw. */
export type MakePacket = (packet: Uint8Array, entry: string) => void;

export interface ActiveLink {
  /** Id of the gateway. */
  readonly relay: string;
  readonly link: FrameLink;
}

interface Job {
  readonly make: MakePacket;
  readonly signal: AbortSignal | undefined;
  readonly settle: PromiseWithResolvers<void>;
  readonly untilMs: number;
}

export class Outbox {
  readonly #clock: Clock;
  readonly #activeLink: () => ActiveLink | undefined;
  readonly #packet = new Uint8Array(PACKET_BYTES);
  readonly #bucket: TokenBucket;
  #jobs: Job[] = [];
  #streaming = false;
  #stopped = false;
  #cancelPump: (() => void) | undefined;

  constructor(clock: Clock, activeLink: () => ActiveLink | undefined) {
    this.#clock = clock;
    this.#activeLink = activeLink;
    const rates = { rate: MAX_PACKETS_PER_SECOND, burst: MAX_PACKET_BURST };
    this.#bucket = new TokenBucket(rates, clock.monotonicMs());
  }

  get waiting(): number {
    return this.#jobs.length;
  }

  /** Resolves when the packet was handed to the link; rejects with what making it threw, or MIXNET_NO_GATEWAY. */
  submit(make: MakePacket, signal?: AbortSignal): Promise<void> {
    if (this.#stopped) return Promise.reject(fail('MIXNET_STOPPED'));
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#jobs.length >= MAX_WAITING_PACKETS) {
      const message = `${this.#jobs.length} packets wait to be sent already: send slower, or at a level that sends faster.`;
      return Promise.reject(fail('MIXNET_BUSY', { message }));
    }
    const settle = Promise.withResolvers<void>();
    const untilMs = this.#clock.monotonicMs() + MAX_LINK_WAIT_MS;
    this.#jobs.push({ make, signal, settle, untilMs });
    this.#pumpIn(0);
    return settle.promise;
  }

  /** Past the queue; false when there is no link or it is full. Throws what making it throws. */
  sendNow(make: MakePacket): boolean {
    const active = this.#activeLink();
    if (active === undefined || active.link.queued >= MAX_QUEUED_FRAMES) return false;
    make(this.#packet, active.relay);
    return active.link.sendFrame(CLIENT_FRAME.packet, this.#packet);
  }

  /** The packet that has waited longest; false when there is none. For the ticks of a stream. */
  sendNext(): boolean {
    if (!this.#linkHasRoom()) return false;
    for (let job = this.#next(); job !== undefined; job = this.#next()) {
      if (this.#sendJob(job)) return true;
    }
    return false;
  }

  /** Whether packets wait for `sendNext`. */
  setStream(on: boolean): void {
    this.#streaming = on;
    if (!on) this.wake();
  }

  /** To be called when the link changes. */
  wake(): void {
    if (this.#stopped) return;
    this.#cancelPump?.();
    this.#cancelPump = undefined;
    this.#pumpIn(0);
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelPump?.();
    for (const { settle } of this.#jobs.splice(0)) settle.reject(fail('MIXNET_STOPPED'));
  }

  #pumpIn(delayMs: number): void {
    this.#cancelPump ??= this.#clock.after(delayMs, () => this.#pump());
  }

  #pump(): void {
    this.#cancelPump = undefined;
    this.#expire();
    if (this.#streaming) {
      if (this.#jobs.length > 0) this.#pumpIn(QUEUE_RETRY_MS);
      return;
    }
    // A few at a time: making a packet is milliseconds of arithmetic, and others share the thread.
    for (let turn = 0; turn < MAX_PACKETS_PER_TURN; turn += 1) {
      if (this.#jobs.length === 0) return;
      const nowMs = this.#clock.monotonicMs();
      const waitMs = this.#linkHasRoom() ? this.#bucket.waitMs(1, nowMs) : QUEUE_RETRY_MS;
      if (waitMs > 0) return this.#pumpIn(waitMs);
      const job = this.#next();
      if (job !== undefined && this.#sendJob(job)) this.#bucket.take(1, nowMs);
    }
    if (this.#jobs.length > 0) this.#pumpIn(0);
  }

  #linkHasRoom(): boolean {
    const active = this.#activeLink();
    return active !== undefined && active.link.queued < MAX_QUEUED_FRAMES;
  }

  /** False when nothing was sent. */
  #sendJob({ make, settle }: Job): boolean {
    try {
      const sent = this.sendNow(make);
      if (sent) settle.resolve();
      else settle.reject(fail('MIXNET_NO_GATEWAY'));
      return sent;
    } catch (error) {
      settle.reject(error);
      return false;
    }
  }

  #next(): Job | undefined {
    for (let job = this.#jobs.shift(); job !== undefined; job = this.#jobs.shift()) {
      if (!job.signal?.aborted) return job;
      job.settle.reject(job.signal.reason);
    }
    return undefined;
  }

  /** Without a gateway, packets are given up after a while. */
  #expire(): void {
    if (this.#activeLink() !== undefined) return;
    const now = this.#clock.monotonicMs();
    const isGone = ({ untilMs, signal }: Job): boolean => untilMs < now || signal?.aborted === true;
    const gone = this.#jobs.filter(isGone);
    this.#jobs = this.#jobs.filter((job) => !isGone(job));
    for (const { settle, signal } of gone) {
      settle.reject(signal?.aborted ? signal.reason : fail('MIXNET_NO_GATEWAY'));
    }
  }
}
