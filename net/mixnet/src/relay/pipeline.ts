/** The way of a packet through one relay: admitted, peeled, checked for replay, delayed, sent on or delivered. */
import type { Clock } from '@fog/kernel';
import { PACKET, PACKET_BYTES, PAYLOAD_BYTES } from '@fog/sphinx';
import type { Deliveries, SendToRelay } from '../ports.ts';
import { owedDelayMs } from './delays.ts';
import type { KeyRing } from './key-ring.ts';
import type { Neighbours } from './neighbours.ts';
import type { LaneOptions, PeelLane } from './peel-lane.ts';
import type { PacketCounters } from './relay-counters.ts';
import { createTimingWheel, type TimingWheel } from './timing-wheel.ts';

export interface PipelineOptions {
  readonly queueLimit: number;
  /** Delayed packets it holds. */
  readonly delayLimit: number;
}

export interface PipelineDeps {
  readonly clock: Clock;
  readonly openLane: (options: LaneOptions) => PeelLane;
  readonly keys: () => KeyRing;
  readonly neighbours: Neighbours;
  readonly counters: PacketCounters;
  readonly send: SendToRelay;
  /** Mean delay of each class, in microseconds. */
  readonly delayMeans: () => readonly number[];
  /** True when the id was of one of the relay's own loops. */
  readonly takeLoop: (id: Uint8Array) => boolean;
  readonly deliveries: Deliveries | undefined;
}

export class Pipeline {
  readonly lane: PeelLane;
  readonly #deps: PipelineDeps;
  readonly #delayLimit: number;
  readonly #wheel: TimingWheel;

  constructor({ queueLimit, delayLimit }: PipelineOptions, deps: PipelineDeps) {
    this.#deps = deps;
    this.#delayLimit = delayLimit;
    this.#wheel = createTimingWheel(deps.clock, (slot) => this.#finish(slot));
    this.lane = deps.openLane({
      queueLimit,
      onPeeled: (slot) => this.#peeled(slot),
      onLost: () => deps.counters.drop('peel-thread'),
    });
  }

  get delayed(): number {
    return this.#wheel.count;
  }

  get delayLimit(): number {
    return this.#delayLimit;
  }

  /** `count` packets that follow each other in the bytes; copied before it returns. */
  take(bytes: Uint8Array, offset: number, count: number): void {
    const chunk = asBuffer(bytes);
    for (let index = 0; index < count; index += 1)
      this.#admit(chunk, offset + index * PACKET_BYTES);
    this.lane.flush();
  }

  /** False when it was dropped. */
  inject(packet: Uint8Array): boolean {
    if (packet.length !== PACKET_BYTES) {
      this.#deps.counters.drop('wrong-size');
      return false;
    }
    const taken = this.#admit(asBuffer(packet), 0);
    this.lane.flush();
    return taken;
  }

  stop(): void {
    this.#wheel.clear((slot) => this.lane.release(slot));
    this.lane.close();
  }

  #admit(bytes: Buffer, offset: number): boolean {
    const { counters, keys } = this.#deps;
    counters.received += 1;
    const epochByte = bytes[offset + PACKET.epoch] ?? 0;
    const verdict = keys().admit(epochByte);
    const refusal = verdict === 'open' ? this.lane.submit(bytes, offset, epochByte) : verdict;
    if (refusal === undefined) return true;
    counters.drop(refusal);
    return false;
  }

  #peeled(slot: number): void {
    const verdict = this.lane.verdict(slot);
    if (verdict !== 'ok') return this.#drop(slot, verdict);
    const key = this.#deps.keys().openKey(this.lane.mark(slot));
    if (key === undefined) return this.#drop(slot, 'cross-epoch');
    const tag = key.filter.take(this.lane.replayTag(slot));
    if (tag !== 'fresh') return this.#drop(slot, tag === 'full' ? 'filter-full' : tag);
    const meanMicros = this.#deps.delayMeans()[this.lane.delayClass(slot)] ?? 0;
    if (meanMicros <= 0 || this.lane.command(slot) === 'drop') return this.#finish(slot);
    if (this.#wheel.count >= this.#delayLimit) return this.#drop(slot, 'delay-pool');
    const { output } = this.#deps.keys().seedOf(key);
    const owedMs = owedDelayMs(output, this.lane.delayTag(slot), meanMicros);
    this.#deps.counters.delayed += 1;
    this.#deps.counters.delayMs += owedMs;
    this.#wheel.add(slot, owedMs);
  }

  #drop(slot: number, reason: Parameters<PacketCounters['drop']>[0]): void {
    this.#deps.counters.drop(reason);
    this.lane.release(slot);
  }

  /** After the delay. The slot is free whatever becomes of the packet. */
  #finish(slot: number): void {
    try {
      this.#route(slot);
    } finally {
      this.lane.release(slot);
    }
  }

  #route(slot: number): void {
    const command = this.lane.command(slot);
    if (command === 'forward') this.#forward(slot);
    else if (command === 'drop') this.#deps.counters.cover += 1;
    else this.#deliver(slot, command === 'reply');
  }

  #forward(slot: number): void {
    const { counters, neighbours, send } = this.#deps;
    const name = neighbours.nameOf(this.lane.nextId(slot));
    if (name === undefined) counters.drop('no-route');
    else if (send(name, this.lane.packet(slot))) counters.forwarded += 1;
    else counters.drop('link');
  }

  #deliver(slot: number, isReply: boolean): void {
    const { counters, deliveries, takeLoop } = this.#deps;
    const id = this.lane.nextId(slot);
    if (!isReply && takeLoop(id)) {
      counters.cover += 1;
      return;
    }
    if (deliveries === undefined) {
      counters.drop('no-mailbox');
      return;
    }
    const payload = new Uint8Array(PAYLOAD_BYTES);
    this.lane.packet(slot).copy(payload, 0, PACKET.payload);
    counters.delivered += 1;
    if (isReply) deliveries.reply(id.slice(), this.lane.surbId(slot), payload);
    else deliveries.deliver(id.slice(), payload);
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
