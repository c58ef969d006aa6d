/**
 * A relay's own packets that come home: cover for the others' packets, and a measure of what its links lose.
 * Each takes two other relays in random order, so that none of them can tell it from a client's packet.
 */
import type { RandomFill } from '@fog/crypto';
import type { Clock } from '@fog/kernel';
import {
  type BuildSpace,
  createBuildSpace,
  createPacket,
  encodePayload,
  ID_BYTES,
  PACKET_BYTES,
  PAYLOAD_BYTES,
  PAYLOAD_KIND,
  type RouteHop,
} from '@fog/sphinx';
import type { LinkLoss, VerifiedConsensus } from '../directory/documents.ts';
import { idBytes, idText } from '../ids.ts';
import type { SendToRelay } from '../ports.ts';
import { DELAY_CAP_MEANS, LOOP_SLACK_MS, MAX_LOOPS, MAX_LOSS_PEERS } from './limits.ts';

export interface LoopsDeps {
  readonly clock: Clock;
  readonly random: RandomFill;
  readonly send: SendToRelay;
  readonly consensus: () => VerifiedConsensus | undefined;
  /** This relay as a last hop, in the epoch that runs. */
  readonly home: () => Omit<RouteHop, 'delayClass'> | undefined;
  /** Loops a second, in thousandths. */
  readonly loopsMilli: () => number;
}

interface Loop {
  /** Of the relays on its way, in the epoch it was sent in: no epoch has lost more than it sent. */
  readonly counts: readonly Count[];
  readonly lateMs: number;
  readonly onHome: (() => void) | undefined;
}

interface Count {
  sent: number;
  lost: number;
}

/** Classes of a loop's delays; the longer ones would only hold memory. */
const LOOP_CLASSES = 3;

export class Loops {
  readonly #deps: LoopsDeps;
  readonly #space: BuildSpace;
  readonly #packet = Buffer.alloc(PACKET_BYTES);
  readonly #payload = new Uint8Array(PAYLOAD_BYTES);
  readonly #underWay = new Map<string, Loop>();
  /** This epoch's and the last one's. */
  #counts = new Map<string, Count>();
  #lastCounts = new Map<string, Count>();
  #cancel = (): void => {};

  constructor(deps: LoopsDeps) {
    this.#deps = deps;
    this.#space = createBuildSpace(deps.random);
  }

  start(): void {
    this.#plan();
  }

  stop(): void {
    this.#cancel();
    this.#underWay.clear();
  }

  /** The counts of an epoch serve until the end of the next. */
  turnEpoch(): void {
    this.#lastCounts = this.#counts;
    this.#counts = new Map();
  }

  /** Neighbours over which loops were sent: none sent is no entry, none back is all lost. */
  losses(): LinkLoss[] {
    this.#expire();
    const peers = new Set([...this.#counts.keys(), ...this.#lastCounts.keys()]);
    return [...peers].sort().map((peer) => {
      const [now, last] = [this.#counts.get(peer), this.#lastCounts.get(peer)];
      const sent = (now?.sent ?? 0) + (last?.sent ?? 0);
      return { peer, sent, lost: (now?.lost ?? 0) + (last?.lost ?? 0) };
    });
  }

  /** True when the id is of a loop under way: then it has come home. */
  take(id: Uint8Array): boolean {
    if (this.#underWay.size === 0) return false;
    const name = idText(id);
    const loop = this.#underWay.get(name);
    if (loop === undefined) return false;
    this.#underWay.delete(name);
    loop.onHome?.();
    return true;
  }

  /** A packet of one hop that ends here; `onHome` is called when it does. */
  selfPacket(onHome: () => void): Uint8Array | undefined {
    const hop = this.#deps.home();
    if (hop === undefined) return undefined;
    const packet = Buffer.alloc(PACKET_BYTES);
    const lateMs = this.#deps.clock.monotonicMs() + LOOP_SLACK_MS;
    this.#build(packet, [{ ...hop, delayClass: 0 }], { counts: [], lateMs, onHome });
    return packet;
  }

  /** Sends one loop now; false when there is no other relay. */
  send(): boolean {
    this.#expire();
    const consensus = this.#deps.consensus();
    const home = this.#deps.home();
    if (consensus === undefined || home === undefined) return false;
    if (this.#underWay.size >= MAX_LOOPS) return false;
    const over = this.#choose(consensus, home.epoch);
    const [first] = over;
    if (first === undefined) return false;
    const means = consensus.consensus.delayMeansMicros;
    const hops = over.map(({ hop }) => ({ ...hop, delayClass: this.#below(LOOP_CLASSES) }));
    const longestMs = hops.reduce(
      (sum, { delayClass }) => sum + ((means[delayClass] ?? 0) * DELAY_CAP_MEANS) / 1000,
      LOOP_SLACK_MS,
    );
    const names = over.map(({ name }) => name);
    const lateMs = this.#deps.clock.monotonicMs() + longestMs;
    const route = [...hops, { ...home, delayClass: 0 }];
    const counts = names.map((name) => this.#count(name));
    this.#build(this.#packet, route, { counts, lateMs, onHome: undefined });
    for (const count of counts) count.sent += 1;
    this.#deps.send(first.name, this.#packet);
    return true;
  }

  /** Times between loops are exponential: a regular beat would mark them. */
  #plan(): void {
    const perSecond = Math.max(this.#deps.loopsMilli(), 1) / 1000;
    const waitMs = (-Math.log((this.#below(2 ** 30) + 1) / 2 ** 30) * 1000) / perSecond;
    this.#cancel = this.#deps.clock.after(waitMs, () => {
      this.send();
      this.#plan();
    });
  }

  #build(packet: Uint8Array, hops: readonly RouteHop[], loop: Loop): void {
    const id = new Uint8Array(ID_BYTES);
    this.#deps.random(id);
    encodePayload(this.#payload, {
      kind: PAYLOAD_KIND.message,
      surbs: [],
      data: new Uint8Array(0),
    });
    createPacket(packet, { hops, end: { command: 'deliver', id } }, this.#payload, this.#space);
    this.#underWay.set(idText(id), loop);
  }

  /** Up to two other running relays with a key of the epoch, in random order. */
  #choose(
    { relays }: VerifiedConsensus,
    epoch: number,
  ): { readonly name: string; readonly hop: Omit<RouteHop, 'delayClass'> }[] {
    const names = [...relays.keys()];
    const own = this.#deps.home()?.id;
    const chosen: { name: string; hop: Omit<RouteHop, 'delayClass'> }[] = [];
    for (let left = names.length; left > 0 && chosen.length < 2; left -= 1) {
      const index = this.#below(left);
      const name = names[index] as string;
      names[index] = names[left - 1] as string;
      const relay = relays.get(name);
      const id = idBytes(name);
      const key = relay?.descriptor.mixKeys.find((each) => each.epoch === epoch)?.key;
      if (relay === undefined || id === undefined || key === undefined) continue;
      if (!relay.flags.includes('Running') || (own && idText(own) === name)) continue;
      chosen.push({ name, hop: { id, publicKey: key, epoch } });
    }
    return chosen;
  }

  #expire(): void {
    const nowMs = this.#deps.clock.monotonicMs();
    for (const [id, { counts, lateMs }] of this.#underWay) {
      if (lateMs > nowMs) continue;
      this.#underWay.delete(id);
      for (const count of counts) count.lost += 1;
    }
  }

  #count(peer: string): Count {
    const known = this.#counts.get(peer);
    if (known !== undefined) return known;
    const count = { sent: 0, lost: 0 };
    if (this.#counts.size < MAX_LOSS_PEERS) this.#counts.set(peer, count);
    return count;
  }

  /** Uniform enough for choosing: the bias of 2³² modulo a small bound is below 1 in 10⁶. */
  #below(bound: number): number {
    const word = new Uint32Array(1);
    this.#deps.random(new Uint8Array(word.buffer));
    return (word[0] ?? 0) % bound;
  }
}
