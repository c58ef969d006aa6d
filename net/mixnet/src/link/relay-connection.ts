/** An established link to one relay, in both directions. */
import type { TLSSocket } from 'node:tls';
import type { Clock } from '@fog/kernel';
import { PACKET_BYTES } from '@fog/sphinx';
import { RELAY_QUEUE } from './limits.ts';
import type { LinkCounters } from './link-counters.ts';
import type { LinkEnd, LinkLimits, OnRelayPackets, RelayLink } from './link-ports.ts';
import type { OutputQueue } from './output-queue.ts';
import { UnitStream } from './unit-stream.ts';

export interface RelayConnectionOptions {
  readonly socket: TLSSocket;
  readonly clock: Clock;
  readonly queue: OutputQueue;
  readonly peer: string;
  readonly key: Uint8Array;
  readonly inbound: boolean;
  readonly features: readonly string[];
  readonly limits: Pick<LinkLimits, 'relayRate' | 'relayBurst' | 'idleMs'>;
  readonly counters: LinkCounters;
  readonly onPackets: OnRelayPackets;
  readonly onEnd: (connection: RelayConnection, reason: LinkEnd) => void;
}

export class RelayConnection implements RelayLink {
  readonly peer: string;
  readonly inbound: boolean;
  readonly features: readonly string[];
  readonly key: Uint8Array;
  readonly queue: OutputQueue;
  readonly startedMs: number;
  readonly #stream: UnitStream;

  constructor(options: RelayConnectionOptions) {
    const { socket, clock, queue, limits, counters, onPackets } = options;
    this.peer = options.peer;
    this.inbound = options.inbound;
    this.features = options.features;
    this.key = options.key;
    this.queue = queue;
    this.startedMs = clock.monotonicMs();
    this.#stream = new UnitStream(
      {
        socket,
        clock,
        queue,
        unitBytes: PACKET_BYTES,
        maxQueue: RELAY_QUEUE,
        rate: limits.relayRate,
        burst: limits.relayBurst,
        idleMs: limits.idleMs,
      },
      {
        onUnits: (bytes, offset, count) => {
          counters.packetsIn += count;
          onPackets(this, bytes, offset, count);
        },
        onExcess: (count) => {
          counters.dropped.rate += count;
        },
        onEnd: (reason, lost, truncated) => {
          counters.dropped['no-link'] += lost;
          if (truncated) counters.dropped.truncated += 1;
          counters.ended('relay', reason);
          options.onEnd(this, reason);
        },
      },
    );
  }

  get closed(): Promise<void> {
    return this.#stream.closed;
  }

  begin(early: Buffer): void {
    this.#stream.begin(early);
  }

  end(reason: LinkEnd): void {
    this.#stream.end(reason);
  }

  sweep(nowMs: number): void {
    this.#stream.sweep(nowMs);
  }
}
