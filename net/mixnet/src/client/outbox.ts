/**
 * Packets on their way to the gateway. They are made at the moment they are sent, for the gateway and the
 * keys of that moment. Without cover they go as fast as a token bucket allows; in a stream, one at each tick.
 */
import type { Clock } from '@fog/kernel';
import { PACKET_BYTES } from '@fog/sphinx';
import { fail } from '../errors.ts';
import { CLIENT_FRAME } from '../link/client-frames.ts';
import type { FrameLink } from '../link/link-ports.ts';
import { createTokenBucket } from '../token-bucket.ts';
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

export interface Outbox {
  readonly waiting: number;
  /** Resolves when the packet was handed to the link; rejects with what making it threw, or MIXNET_NO_GATEWAY. */
  submit(make: MakePacket, signal?: AbortSignal): Promise<void>;
  /** Past the queue; false when there is no link or it is full. Throws what making it throws. */
  sendNow(make: MakePacket): boolean;
  /** The packet that has waited longest; false when there is none. For the ticks of a stream. */
  sendNext(): boolean;
  /** Whether packets wait for `sendNext`. */
  setStream(on: boolean): void;
  /** To be called when the link changes. */
  wake(): void;
  stop(): void;
}

interface Job {
  readonly make: MakePacket;
  readonly signal: AbortSignal | undefined;
  readonly settle: PromiseWithResolvers<void>;
  readonly untilMs: number;
}

export function createOutbox(clock: Clock, activeLink: () => ActiveLink | undefined): Outbox {
  const packet = new Uint8Array(PACKET_BYTES);
  const bucket = createTokenBucket(
    { rate: MAX_PACKETS_PER_SECOND, burst: MAX_PACKET_BURST },
    clock,
  );
  let jobs: Job[] = [];
  let streaming = false;
  let stopped = false;
  let cancelPump: (() => void) | undefined;

  const sendNow = (make: MakePacket): boolean => {
    const active = activeLink();
    if (active === undefined || active.link.queued >= MAX_QUEUED_FRAMES) return false;
    make(packet, active.relay);
    return active.link.sendFrame(CLIENT_FRAME.packet, packet);
  };
  const sendJob = (job: Job): boolean => {
    try {
      if (sendNow(job.make)) job.settle.resolve();
      else job.settle.reject(fail('MIXNET_NO_GATEWAY'));
      return true;
    } catch (error) {
      job.settle.reject(error);
      return false;
    }
  };
  const next = (): Job | undefined => {
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
      if (!job.signal?.aborted) return job;
      job.settle.reject(job.signal.reason);
    }
    return undefined;
  };
  const roomMs = (): number => {
    const active = activeLink();
    if (active === undefined) return QUEUE_RETRY_MS;
    return active.link.queued >= MAX_QUEUED_FRAMES ? QUEUE_RETRY_MS : bucket.waitMs();
  };
  const expire = (): void => {
    if (activeLink() !== undefined) return;
    const now = clock.monotonicMs();
    const [gone, kept] = [true, false].map((old) =>
      jobs.filter(({ untilMs, signal }) => (untilMs < now || signal?.aborted === true) === old),
    );
    jobs = kept ?? [];
    for (const { settle, signal } of gone ?? []) {
      settle.reject(signal?.aborted ? signal.reason : fail('MIXNET_NO_GATEWAY'));
    }
  };
  const later = (delayMs: number): void => {
    cancelPump ??= clock.after(delayMs, pump);
  };
  const pump = (): void => {
    cancelPump = undefined;
    expire();
    if (streaming) {
      if (jobs.length > 0) later(QUEUE_RETRY_MS);
      return;
    }
    // A few at a time: making a packet is milliseconds of arithmetic, and others share the thread.
    for (let turn = 0; turn < MAX_PACKETS_PER_TURN; turn += 1) {
      if (jobs.length === 0) return;
      const waitMs = roomMs();
      if (waitMs > 0) return later(waitMs);
      const job = next();
      if (job !== undefined && sendJob(job)) bucket.take();
    }
    if (jobs.length > 0) later(0);
  };

  return {
    get waiting() {
      return jobs.length;
    },
    submit: (make, signal) => {
      if (stopped) return Promise.reject(fail('MIXNET_STOPPED'));
      if (jobs.length >= MAX_WAITING_PACKETS) {
        const message = `${jobs.length} packets wait to be sent already: send slower, or at a level that sends faster.`;
        return Promise.reject(fail('MIXNET_BUSY', { message }));
      }
      const settle = Promise.withResolvers<void>();
      jobs.push({ make, signal, settle, untilMs: clock.monotonicMs() + MAX_LINK_WAIT_MS });
      later(0);
      return settle.promise;
    },
    sendNow,
    sendNext: () => {
      const active = activeLink();
      if (active === undefined || active.link.queued >= MAX_QUEUED_FRAMES) return false;
      for (let job = next(); job !== undefined; job = next()) if (sendJob(job)) return true;
      return false;
    },
    setStream: (on) => {
      streaming = on;
      if (!on) later(0);
    },
    wake: () => {
      cancelPump?.();
      cancelPump = undefined;
      later(0);
    },
    stop: () => {
      stopped = true;
      cancelPump?.();
      for (const { settle } of jobs) settle.reject(fail('MIXNET_STOPPED'));
      jobs = [];
    },
  };
}
