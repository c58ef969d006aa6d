/** All links of one relay: those it opens, those it is asked for, and its clients' where it is a gateway. */
import { randomFill } from '@fog/crypto';
import { fail } from '../errors.ts';
import { FrameConnection } from './frame-connection.ts';
import type { LinkPeer } from './handshake.ts';
import { validFeatures } from './hello.ts';
import { LINK_LIMITS, MAX_FEATURE_CHARS, MAX_FEATURES, SWEEP_MS } from './limits.ts';
import { createLinkCertificate } from './link-certificate.ts';
import { LinkCounters } from './link-counters.ts';
import { LinkPool } from './link-pool.ts';
import type {
  ClientLink,
  LinkLimits,
  LinkRefusal,
  LinkStats,
  RelayLinks,
  RelayLinksDeps,
  RelayLinksOptions,
} from './link-ports.ts';
import { type AcceptedLink, LinkServer } from './link-server.ts';
import { linkSecureContext } from './link-tls.ts';
import { TurnFlusher } from './output-queue.ts';

export function createRelayLinks(options: RelayLinksOptions, deps: RelayLinksDeps): RelayLinks {
  return new AllLinks(options, deps);
}

class AllLinks implements RelayLinks {
  readonly linkKey: Uint8Array;
  readonly #deps: RelayLinksDeps;
  readonly #limits: LinkLimits;
  readonly #counters: LinkCounters;
  readonly #flusher = new TurnFlusher();
  readonly #pool: LinkPool;
  readonly #server: LinkServer;
  readonly #clients = new Map<string, FrameConnection>();
  #stopped = false;
  #ends: (() => void)[] = [];

  constructor(options: RelayLinksOptions, deps: RelayLinksDeps) {
    const features = checkedFeatures(options.features);
    const certificate = createLinkCertificate(options.linkSeed);
    const { directory, clock, logger, random = randomFill } = deps;
    this.#deps = deps;
    this.#limits = { ...LINK_LIMITS, ...options.limits };
    this.#counters = new LinkCounters(deps.metrics);
    this.linkKey = certificate.publicKey;
    const shared = { directory, clock, logger, features };
    const own = { limits: this.#limits, counters: this.#counters };
    this.#pool = new LinkPool({
      ...shared,
      ...own,
      random,
      relay: options.relay,
      flusher: this.#flusher,
      context: linkSecureContext(certificate),
      onPackets: deps.onRelayPackets,
    });
    this.#server = new LinkServer({
      ...shared,
      ...own,
      certificate,
      host: options.host,
      port: options.port,
      admit: (peer) => this.#admit(peer),
      onLink: (link) => this.#letIn(link),
    });
  }

  get port(): number {
    return this.#server.port;
  }

  async start(signal: AbortSignal): Promise<void> {
    await this.#server.listen(signal);
    const { clock, directory } = this.#deps;
    this.#ends = [
      clock.every(SWEEP_MS, () => this.#sweep()),
      directory.onChange(() => this.#pool.recheck()),
    ];
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const end of this.#ends.splice(0)) end();
    await this.#pool.stop();
    for (const client of this.#clients.values()) client.close('local');
    await this.#server.close();
  }

  send(relay: string, packet: Uint8Array): boolean {
    return this.#pool.send(relay, packet);
  }

  stats(): LinkStats {
    const { packetsIn, packetsOut, dropped, refused } = this.#counters;
    return {
      ...this.#open(),
      packetsIn,
      packetsOut,
      dropped: { ...dropped },
      refused: { ...refused },
    };
  }

  #open(): Pick<LinkStats, 'relayLinks' | 'clientLinks' | 'halfOpen'> {
    return {
      relayLinks: this.#pool.links,
      clientLinks: this.#clients.size,
      halfOpen: this.#server.halfOpen,
    };
  }

  #admit({ role, id }: LinkPeer): LinkRefusal | undefined {
    if (this.#stopped) return 'full';
    if (role === 'relay') return this.#pool.hasRoomFor(id) ? undefined : 'full';
    if (this.#deps.onClient === undefined) return 'no-clients';
    if (this.#clients.has(id)) return undefined;
    return this.#clients.size < this.#limits.maxClientLinks ? undefined : 'full';
  }

  #letIn(link: AcceptedLink): void {
    if (this.#stopped) link.socket.destroy();
    else if (link.peer.role === 'relay') this.#pool.adopt(link);
    else this.#welcome(link);
  }

  /** A client that comes back takes its own place, also when its old link has not been noticed to be dead. */
  #welcome({ socket, peer, features, early }: AcceptedLink): void {
    const { onClient, clock, random = randomFill } = this.#deps;
    if (onClient === undefined) return;
    this.#clients.get(peer.id)?.close('replaced');
    const connection = new FrameConnection({
      socket,
      clock,
      random,
      features,
      flusher: this.#flusher,
      limits: this.#limits,
      peer: peer.id,
      onExcess: (count) => {
        this.#counters.dropped.rate += count;
      },
    });
    this.#clients.set(peer.id, connection);
    const link: ClientLink = Object.assign(connection, { key: peer.key });
    const handlers = onClient(link);
    const onEnd: typeof handlers.onEnd = (reason) => {
      if (this.#clients.get(peer.id) === connection) this.#clients.delete(peer.id);
      this.#counters.ended('client', reason);
      handlers.onEnd(reason);
    };
    connection.begin({ onFrame: handlers.onFrame, onEnd }, early);
  }

  #sweep(): void {
    const nowMs = this.#deps.clock.monotonicMs();
    this.#pool.sweep(nowMs);
    for (const client of this.#clients.values()) client.sweep(nowMs);
    this.#counters.report(this.#open());
  }
}

function checkedFeatures(features: readonly string[] = []): readonly string[] {
  if (validFeatures(features)) return features;
  throw fail('MIXNET_LINK_FEATURES', {
    message: `The features ${JSON.stringify(features)} cannot be told to peers: at most ${MAX_FEATURES} of at most ${MAX_FEATURE_CHARS} characters a-z, 0-9, '.' and '-'.`,
  });
}
