/**
 * The links of a relay to others, by relay: opened when there is something to send, kept while they are used,
 * opened again after a pause that grows with each failure. A link the other end has opened serves as well.
 */
import type { SecureContext } from 'node:tls';
import type { RandomFill } from '@fog/crypto';
import type { Clock, Logger } from '@fog/kernel';
import { PACKET_BYTES } from '@fog/sphinx';
import type { AcceptedLink } from './link-server.ts';
import { dialLink } from './dial.ts';
import type { Dialled } from './handshake.ts';
import { DIAL_QUEUE, RELAY_QUEUE, RETRY_FIRST_MS, RETRY_MAX_MS, STEADY_MS } from './limits.ts';
import type { LinkCounters } from './link-counters.ts';
import type { LinkDirectory, LinkEnd, LinkLimits, OnRelayPackets } from './link-ports.ts';
import { OutputBudget, OutputQueue, type TurnFlusher } from './output-queue.ts';
import { RelayConnection } from './relay-connection.ts';

export interface LinkPoolOptions {
  readonly relay: string;
  readonly features: readonly string[];
  readonly context: SecureContext;
  readonly limits: LinkLimits;
  readonly directory: LinkDirectory;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: RandomFill;
  readonly counters: LinkCounters;
  readonly flusher: TurnFlusher;
  readonly onPackets: OnRelayPackets;
}

interface Neighbour {
  readonly relay: string;
  /** Where packets for it go now: of a link, or of the attempt to open one. */
  queue: OutputQueue | undefined;
  dialling: boolean;
  outbound: RelayConnection | undefined;
  inbound: RelayConnection | undefined;
  failures: number;
  retryAtMs: number;
}

export class LinkPool {
  readonly #options: LinkPoolOptions;
  readonly #neighbours = new Map<string, Neighbour>();
  readonly #budget: OutputBudget;
  readonly #stopping = new AbortController();
  readonly #dials = new Set<Promise<void>>();
  #links = 0;

  constructor(options: LinkPoolOptions) {
    this.#options = options;
    this.#budget = new OutputBudget(options.limits.maxQueuedPackets);
  }

  /** Established links. */
  get links(): number {
    return this.#links;
  }

  /** Whether one more link may be let in; a relay's second one replaces its first. */
  hasRoomFor(relay: string): boolean {
    const known = this.#neighbours.get(relay)?.inbound !== undefined;
    return known || this.#links < this.#options.limits.maxRelayLinks;
  }

  send(relay: string, packet: Uint8Array): boolean {
    const { counters } = this.#options;
    const neighbour = this.#neighbours.get(relay) ?? this.#add(relay);
    const queue = neighbour?.queue ?? (neighbour && this.#open(neighbour));
    if (queue === undefined) {
      counters.dropped[neighbour === undefined ? 'no-link' : 'backoff'] += 1;
      return false;
    }
    if (!queue.push(packet)) {
      counters.dropped.queue += 1;
      return false;
    }
    counters.packetsOut += 1;
    return true;
  }

  /** Takes a link that another relay has opened. */
  adopt(link: AcceptedLink): void {
    const { id, key } = link.peer;
    const neighbour = this.#neighbours.get(id) ?? this.#create(id);
    neighbour.inbound?.end('replaced');
    const connection = this.#connection(
      { ...link, relay: id, key, inbound: true },
      this.#newQueue(RELAY_QUEUE),
    );
    neighbour.inbound = connection;
    neighbour.queue ??= connection.queue;
    connection.begin(link.early);
  }

  /** Cuts links whose key no consensus names any more. */
  recheck(): void {
    const { directory } = this.#options;
    for (const neighbour of this.#neighbours.values()) {
      for (const link of [neighbour.inbound, neighbour.outbound]) {
        if (link && !directory.isLinkKeyOf(link.peer, link.key)) link.end('not-in-consensus');
      }
      const unused = neighbour.queue === undefined && neighbour.inbound === undefined;
      const gone = directory.addressesOf(neighbour.relay).length === 0;
      if (unused && gone && !neighbour.dialling) this.#neighbours.delete(neighbour.relay);
    }
  }

  sweep(nowMs: number): void {
    for (const { inbound, outbound } of this.#neighbours.values()) {
      inbound?.sweep(nowMs);
      outbound?.sweep(nowMs);
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    const links = [...this.#neighbours.values()]
      .flatMap(({ inbound, outbound }) => [inbound, outbound])
      .filter((link) => link !== undefined);
    for (const link of links) link.end('local');
    await Promise.all([...this.#dials, ...links.map((link) => link.closed)]);
  }

  /** Undefined for a relay that no consensus names, and for this one itself. */
  #add(relay: string): Neighbour | undefined {
    const { directory, relay: self } = this.#options;
    if (relay === self || directory.addressesOf(relay).length === 0) return undefined;
    return this.#create(relay);
  }

  #create(relay: string): Neighbour {
    const neighbour: Neighbour = {
      relay,
      queue: undefined,
      dialling: false,
      failures: 0,
      retryAtMs: 0,
      outbound: undefined,
      inbound: undefined,
    };
    this.#neighbours.set(relay, neighbour);
    return neighbour;
  }

  /** Undefined until the pause after a failure is over, and when there are too many links. */
  #open(neighbour: Neighbour): OutputQueue | undefined {
    const { clock, limits } = this.#options;
    if (this.#stopping.signal.aborted || neighbour.dialling) return undefined;
    if (clock.monotonicMs() < neighbour.retryAtMs || this.#links >= limits.maxRelayLinks) {
      return undefined;
    }
    neighbour.dialling = true;
    neighbour.queue = this.#newQueue(DIAL_QUEUE);
    const dial = this.#dial(neighbour, neighbour.queue).finally(() => this.#dials.delete(dial));
    this.#dials.add(dial);
    return neighbour.queue;
  }

  async #dial(neighbour: Neighbour, queue: OutputQueue): Promise<void> {
    const { directory, clock, features, context, limits, relay: self } = this.#options;
    const { relay } = neighbour;
    const dialled = await dialLink({
      clock,
      features,
      context,
      self: { relay: self },
      timeoutMs: limits.handshakeMs,
      addresses: directory.addressesOf(relay),
      isLinkKey: (key) => directory.isLinkKeyOf(relay, key),
      signal: this.#stopping.signal,
    });
    neighbour.dialling = false;
    if (!dialled.ok || this.#stopping.signal.aborted) {
      this.#dialFailed(neighbour, queue, dialled);
      return;
    }
    const connection = this.#connection({ ...dialled, relay, inbound: false }, queue);
    neighbour.outbound = connection;
    neighbour.queue = queue;
    connection.begin(dialled.early);
  }

  #dialFailed(neighbour: Neighbour, queue: OutputQueue, dialled: Dialled): void {
    const { counters, logger } = this.#options;
    counters.dropped['no-link'] += queue.end();
    neighbour.queue = neighbour.inbound?.queue;
    if (dialled.ok) {
      dialled.socket.destroy();
      return;
    }
    this.#pause(neighbour);
    counters.dialFailed(dialled.failure);
    const { failure, text } = dialled;
    logger.info('no link to a relay', { relay: neighbour.relay.slice(0, 8), failure, text });
  }

  #connection(
    link: Pick<AcceptedLink, 'socket' | 'features'> & {
      readonly relay: string;
      readonly key: Uint8Array;
      readonly inbound: boolean;
    },
    queue: OutputQueue,
  ): RelayConnection {
    const { clock, limits, counters, onPackets } = this.#options;
    const { socket, features, relay: peer, key, inbound } = link;
    this.#links += 1;
    return new RelayConnection({
      socket,
      features,
      peer,
      key,
      inbound,
      queue,
      clock,
      limits,
      counters,
      onPackets,
      onEnd: (connection, reason) => this.#ended(connection, reason),
    });
  }

  #ended(connection: RelayConnection, reason: LinkEnd): void {
    this.#links -= 1;
    const neighbour = this.#neighbours.get(connection.peer);
    if (neighbour === undefined) return;
    if (neighbour.inbound === connection) neighbour.inbound = undefined;
    if (neighbour.outbound === connection) {
      neighbour.outbound = undefined;
      const { clock } = this.#options;
      const steady = clock.monotonicMs() - connection.startedMs >= STEADY_MS;
      if (steady) neighbour.failures = 0;
      else if (reason !== 'local') this.#pause(neighbour);
    }
    if (neighbour.queue !== connection.queue) return;
    neighbour.queue = (neighbour.outbound ?? neighbour.inbound)?.queue;
  }

  /** Between half and one and a half of the pause, so that relays do not come back in step. */
  #pause(neighbour: Neighbour): void {
    const { clock, random } = this.#options;
    const pauseMs = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** neighbour.failures);
    const draw = new Uint8Array(1);
    random(draw);
    neighbour.failures = Math.min(neighbour.failures + 1, 16);
    neighbour.retryAtMs = clock.monotonicMs() + pauseMs * (0.5 + (draw[0] ?? 0) / 255);
  }

  #newQueue(maxUnits: number): OutputQueue {
    const { flusher } = this.#options;
    return new OutputQueue({ unitBytes: PACKET_BYTES, maxUnits, flusher, budget: this.#budget });
  }
}
