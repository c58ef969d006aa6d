/** An established link between a client and its gateway: `kind 1 ‖ body` frames of one size. Both ends use it. */
import type { TLSSocket } from 'node:tls';
import type { RandomFill } from '@fog/crypto';
import type { Clock } from '@fog/kernel';
import { PACKET_BYTES } from '@fog/sphinx';
import { fail } from '../errors.ts';
import { CLIENT_FRAME, CLIENT_FRAME_BYTES } from './client-frames.ts';
import { CLIENT_QUEUE } from './limits.ts';
import type { FrameHandlers, FrameLink, LinkEnd, LinkLimits } from './link-ports.ts';
import { OutputQueue, type TurnFlusher } from './output-queue.ts';
import type { OnUnits } from './unit-framer.ts';
import { UnitStream } from './unit-stream.ts';

const KINDS: ReadonlySet<number> = new Set(Object.values(CLIENT_FRAME));

export interface FrameConnectionOptions {
  readonly socket: TLSSocket;
  readonly clock: Clock;
  readonly random: RandomFill;
  readonly flusher: TurnFlusher;
  readonly peer: string;
  readonly features: readonly string[];
  readonly limits: Pick<LinkLimits, 'clientRate' | 'clientBurst' | 'idleMs'>;
  /** Frames over the rate, which are dropped. */
  readonly onExcess: (count: number) => void;
}

export class FrameConnection implements FrameLink {
  readonly peer: string;
  readonly features: readonly string[];
  readonly #queue: OutputQueue;
  readonly #stream: UnitStream;
  readonly #random: RandomFill;
  #handlers: FrameHandlers | undefined;
  #end: LinkEnd | undefined;

  constructor(options: FrameConnectionOptions) {
    this.peer = options.peer;
    this.features = options.features;
    this.#random = options.random;
    const { clientRate: rate, clientBurst: burst, idleMs } = options.limits;
    const unitBytes = CLIENT_FRAME_BYTES;
    this.#queue = new OutputQueue({
      unitBytes,
      maxUnits: CLIENT_QUEUE,
      flusher: options.flusher,
    });
    const { socket, clock } = options;
    this.#stream = new UnitStream(
      {
        socket,
        clock,
        unitBytes,
        rate,
        burst,
        idleMs,
        queue: this.#queue,
        maxQueue: CLIENT_QUEUE,
        maxExcess: burst,
      },
      {
        onUnits: this.#take,
        onExcess: options.onExcess,
        onEnd: (reason) => {
          this.#end = reason;
          this.#handlers?.onEnd(reason);
        },
      },
    );
  }

  get queued(): number {
    return this.#queue.units;
  }

  get ended(): boolean {
    return this.#stream.ended;
  }

  begin(handlers: FrameHandlers, early: Buffer): void {
    this.#handlers = handlers;
    if (this.#end === undefined) this.#stream.begin(early);
    else handlers.onEnd(this.#end);
  }

  sendFrame(kind: number, body: Uint8Array): boolean {
    if (body.length > PACKET_BYTES || !KINDS.has(kind)) {
      throw fail('MIXNET_FRAME', {
        message: `A frame of kind ${kind} with ${body.length} bytes cannot be sent: kinds are 0 to 3 and bodies have at most ${PACKET_BYTES} bytes.`,
      });
    }
    const offset = this.#queue.reserve();
    if (offset < 0) return false;
    const { staged } = this.#queue;
    staged[offset] = kind;
    staged.set(body, offset + 1);
    if (body.length < PACKET_BYTES) {
      this.#random(staged.subarray(offset + 1 + body.length, offset + CLIENT_FRAME_BYTES));
    }
    return true;
  }

  close(reason: LinkEnd = 'local'): void {
    this.#stream.end(reason);
  }

  sweep(nowMs: number): void {
    this.#stream.sweep(nowMs);
  }

  readonly #take: OnUnits = (bytes, offset, count) => {
    for (let unit = 0; unit < count && !this.#stream.ended; unit += 1) {
      const at = offset + unit * CLIENT_FRAME_BYTES;
      const kind = bytes[at] ?? -1;
      if (!KINDS.has(kind)) this.#stream.end('bad-frame');
      else if (kind !== CLIENT_FRAME.padding) {
        this.#handlers?.onFrame(kind, bytes.subarray(at + 1, at + CLIENT_FRAME_BYTES));
      }
    }
  };
}
