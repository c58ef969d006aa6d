/**
 * One relay of the mixnet. Its links, clock and replay filters are on the main thread; the peel pool it shares
 * takes the layers off. What it does not defend against: an operator who owns every relay of a path.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { openSeed, type VrfKey, vrfKeyFromSeed, zeroBytes } from '@fog/crypto';
import { errorMessage, type Health } from '@fog/kernel';
import type { RouteHop } from '@fog/sphinx';
import type { RelayAddress } from '../directory/documents.ts';
import { NO_SHARED_RANDOM } from '../directory/vrf-input.ts';
import { idBytes } from '../ids.ts';
import { createLinkDirectory } from '../link/link-directory.ts';
import type { RelayLinks } from '../link/link-ports.ts';
import { createRelayLinks } from '../link/relay-links.ts';
import { describeRelay } from './describe-relay.ts';
import { collectEarly } from './early-collection.ts';
import { takeKeyFile, writeKeyFile } from './key-file.ts';
import { KeyRing } from './key-ring.ts';
import {
  DELAY_POOL_SECONDS,
  FILTER,
  LOOPS_MILLI,
  METRICS_PERIOD_MS,
  MIN_DELAY_POOL,
  QUEUE_LIMIT,
  SELF_CHECK_MS,
} from './limits.ts';
import { Loops } from './loops.ts';
import { Neighbours } from './neighbours.ts';
import { Pipeline } from './pipeline.ts';
import { type Publication, Publisher } from './publisher.ts';
import { PacketCounters, tellLinkLoss } from './relay-counters.ts';
import { RelayMemory } from './relay-memory.ts';
import type { Relay, RelayDeps, RelayOptions, RelayStatus } from './relay-ports.ts';
import type { ReplayFilterOptions } from './replay-filter.ts';

export function createRelay(options: RelayOptions, deps: RelayDeps): Relay {
  return new MixRelay(options, deps);
}

/** What exists from a good start on. */
interface Running {
  readonly links: RelayLinks;
  readonly vrf: VrfKey;
  readonly keys: KeyRing;
  readonly pipeline: Pipeline;
  readonly loops: Loops;
  readonly publisher: Publisher;
  readonly stopTimers: () => void;
}

class MixRelay implements Relay {
  readonly name: string;
  readonly id: string;
  readonly #options: RelayOptions;
  readonly #deps: RelayDeps;
  readonly #idBytes: Uint8Array;
  readonly #counters = new PacketCounters();
  readonly #neighbours = new Neighbours();
  readonly #memory: RelayMemory;
  readonly #filter: ReplayFilterOptions;
  #running: Running | undefined;
  #epoch = -1;
  #stopping: Promise<void> | undefined;

  constructor(options: RelayOptions, deps: RelayDeps) {
    this.id = options.identity.id;
    this.name = `relay ${this.id}`;
    this.#options = options;
    this.#deps = deps;
    this.#idBytes = idBytes(this.id) as Uint8Array;
    this.#memory = new RelayMemory(this.#file('relay.json'));
    this.#filter = { ...FILTER[options.profile], maxFalsePositives: FILTER.maxFalsePositives };
  }

  get address(): RelayAddress | undefined {
    const port = this.#running?.links.port ?? 0;
    return port === 0 ? undefined : { host: this.#options.listen.host, port };
  }

  get linkKey(): Uint8Array {
    return this.#running?.links.linkKey ?? new Uint8Array(0);
  }

  inject = (packet: Uint8Array): boolean => this.#running?.pipeline.inject(packet) ?? false;

  send = (relay: string, packet: Uint8Array): boolean =>
    this.#running?.links.send(relay, packet) ?? false;

  republish(): void {
    this.#running?.publisher.publish();
  }

  async start(signal: AbortSignal): Promise<void> {
    const { dataDir } = this.#options;
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    const { random } = this.#deps;
    const linkSeed = await openSeed(this.#file('link.key'), random);
    const vrfSeed = await openSeed(this.#file('vrf.key'), random);
    await this.#memory.load();
    const saved = await takeKeyFile(this.#keyFile, this.#filter);
    signal.throwIfAborted();
    const running = this.#assemble(linkSeed, vrfKeyFromSeed(vrfSeed));
    zeroBytes(linkSeed, vrfSeed);
    this.#running = running;
    this.#consensusCame();
    this.#deps.gateway?.attach(this);
    running.keys.start(saved ?? []);
    try {
      await running.links.start(signal);
    } catch (error) {
      await this.stop();
      throw error;
    }
    if (this.#options.profile === 'standalone') collectEarly();
    running.loops.start();
    running.publisher.publish();
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#end();
    return this.#stopping;
  }

  async health(signal: AbortSignal): Promise<Health> {
    const running = this.#running;
    if (running === undefined || this.#stopping !== undefined) {
      return { state: 'unhealthy', detail: 'The relay is not running.' };
    }
    const pool = this.#deps.pool.health();
    if (pool.state !== 'healthy') return pool;
    if (running.links.port === 0) return { state: 'unhealthy', detail: 'It does not listen.' };
    if (!(await this.#passesOwnPacket(running, signal))) {
      return { state: 'unhealthy', detail: 'A packet did not get through its own pipeline.' };
    }
    return this.#directoryHealth(running);
  }

  status(): RelayStatus {
    const running = this.#running;
    const held = running?.keys.held ?? [];
    return {
      id: this.id,
      address: this.address,
      roles: this.#options.roles,
      epoch: running?.keys.epoch ?? 0,
      keyEpochs: held.map(({ epoch }) => epoch),
      openEpochs: held.filter(({ open }) => open).map(({ epoch }) => epoch),
      published: running?.publisher.published,
      queue: {
        depth: running?.pipeline.lane.depth ?? 0,
        limit: QUEUE_LIMIT[this.#options.profile],
      },
      delayed: { count: running?.pipeline.delayed ?? 0, limit: this.#delayLimit },
      filter: {
        tags: Math.max(0, ...held.map(({ filter }) => filter.tags)),
        limit: this.#filter.maxTags,
      },
      links: { open: running?.links.stats().relayLinks ?? 0 },
      packets: this.#counters.totals,
      loss: running?.loops.losses() ?? [],
    };
  }

  get #keyFile(): string {
    return this.#file('mix-keys.bin');
  }

  get #delayLimit(): number {
    return Math.max(MIN_DELAY_POOL, this.#options.declaredRate * DELAY_POOL_SECONDS);
  }

  #file(name: string): string {
    return path.join(this.#options.dataDir, name);
  }

  #assemble(linkSeed: Uint8Array, vrf: VrfKey): Running {
    const { clock, logger, random, directory, gateway, metrics } = this.#deps;
    const { network, profile, listen, features = [] } = this.#options;
    const links = createRelayLinks(
      { relay: this.id, host: listen.host, port: listen.port, linkSeed, features },
      {
        clock,
        logger,
        metrics,
        random,
        directory: createLinkDirectory(directory),
        onRelayPackets: (_link, bytes, offset, count) => pipeline.take(bytes, offset, count),
        ...(gateway === undefined ? {} : { onClient: gateway.onClient }),
      },
    );
    const pipeline: Pipeline = new Pipeline(
      { queueLimit: QUEUE_LIMIT[profile], delayLimit: this.#delayLimit },
      {
        clock,
        openLane: (lane) => this.#deps.pool.openLane(lane),
        keys: () => keys,
        neighbours: this.#neighbours,
        counters: this.#counters,
        send: (relay, packet) => links.send(relay, packet),
        delayMeans: () => directory.current()?.consensus.delayMeansMicros ?? [],
        takeLoop: (id) => loops.take(id),
        deliveries: gateway,
      },
    );
    const keys: KeyRing = new KeyRing(
      { epochMs: network.epochMs, filter: this.#filter },
      {
        clock,
        random,
        vrf,
        keys: pipeline.lane.keys,
        sharedRandom: (epoch) => this.#sharedRandom(epoch),
        onChange: () => this.#keysChanged(keys),
      },
    );
    const loops: Loops = new Loops({
      clock,
      random,
      send: (relay, packet) => links.send(relay, packet),
      consensus: () => directory.current(),
      home: () => this.#home(keys),
      loopsMilli: () => this.#loopsMilli(),
    });
    const publisher = new Publisher({ clock, logger, directory, build: () => this.#describe() });
    const stopMetrics = clock.every(METRICS_PERIOD_MS, () =>
      this.#report({ pipeline, keys, loops }),
    );
    const stopConsensus = directory.onConsensus(() => this.#consensusCame());
    const stopTimers = (): void => {
      stopMetrics();
      stopConsensus();
    };
    return { links, vrf, keys, pipeline, loops, publisher, stopTimers };
  }

  #keysChanged(keys: KeyRing): void {
    if (keys.epoch === this.#epoch) return;
    this.#epoch = keys.epoch;
    this.#running?.loops.turnEpoch();
    if (this.address !== undefined) this.#running?.publisher.publish();
    this.#deps.logger.debug('key epoch began', { epoch: keys.epoch });
  }

  #consensusCame(): void {
    const { directory } = this.#deps;
    this.#neighbours.update(directory);
    const consensus = directory.current()?.consensus;
    if (consensus !== undefined && this.#memory.value(consensus.epoch) === undefined) {
      this.#memory.remember(consensus.epoch, consensus.sharedRandom);
    }
  }

  /** The value of the epoch, else the newest there is; the first one used stays. */
  #sharedRandom(epoch: number): Uint8Array {
    const known = this.#memory.value(epoch);
    if (known !== undefined) return known;
    const { directory } = this.#deps;
    const documents = [directory.current(), directory.next?.(), directory.previous()];
    const ofEpoch = documents.find((each) => each?.consensus.epoch === epoch);
    const value = (ofEpoch ?? documents[0])?.consensus.sharedRandom;
    if (value === undefined) return NO_SHARED_RANDOM;
    this.#memory.remember(epoch, value);
    return value;
  }

  #home(keys: KeyRing): Omit<RouteHop, 'delayClass'> | undefined {
    const { epoch } = keys;
    const publicKey = keys.publicKey(epoch);
    return publicKey === undefined ? undefined : { id: this.#idBytes, publicKey, epoch };
  }

  #loopsMilli(): number {
    const { profile } = this.#options;
    const asked = this.#deps.directory.current()?.consensus.cover.relayLoopsMilli;
    return Math.min(asked ?? LOOPS_MILLI[profile], LOOPS_MILLI[profile]);
  }

  async #describe(): Promise<Publication> {
    const { links, vrf, keys, loops } = this.#running as Running;
    let epoch: number;
    let revision: number;
    do {
      epoch = keys.epoch;
      revision = await this.#memory.nextRevision(epoch);
    } while (epoch !== keys.epoch);
    const descriptor = describeRelay(this.#options, {
      keys,
      vrf,
      revision,
      linkKey: links.linkKey,
      port: links.port,
      measuredRate: this.#counters.peak,
      loss: loops.losses(),
      used: this.#memory.before(epoch),
    });
    return { epoch, revision, bytes: this.#deps.signDescriptor(descriptor) };
  }

  async #passesOwnPacket({ loops, pipeline }: Running, signal: AbortSignal): Promise<boolean> {
    return await new Promise<boolean>((resolve) => {
      const end = (passed: boolean): void => {
        stopWaiting();
        signal.removeEventListener('abort', onAbort);
        resolve(passed);
      };
      const onAbort = (): void => end(false);
      const stopWaiting = this.#deps.clock.after(SELF_CHECK_MS, () => end(false));
      signal.addEventListener('abort', onAbort, { once: true });
      const packet = loops.selfPacket(() => end(true));
      if (packet === undefined || !pipeline.inject(packet)) end(false);
    });
  }

  #directoryHealth({ publisher }: Running): Health {
    const consensus = this.#deps.directory.current();
    if (consensus === undefined) {
      return { state: 'degraded', detail: 'It has no consensus: are the authorities running?' };
    }
    if (publisher.published === undefined) {
      return { state: 'degraded', detail: 'The authorities have not taken its descriptor yet.' };
    }
    if (!consensus.relays.has(this.id)) {
      return { state: 'degraded', detail: 'The present consensus does not name it yet.' };
    }
    return { state: 'healthy' };
  }

  #report({ pipeline, keys, loops }: Pick<Running, 'pipeline' | 'keys' | 'loops'>): void {
    const { metrics } = this.#deps;
    this.#counters.tell(metrics, METRICS_PERIOD_MS / 1000);
    metrics.gauge('fog_mixnet_queue_depth', pipeline.lane.depth);
    metrics.gauge('fog_mixnet_delayed_packets', pipeline.delayed);
    tellLinkLoss(metrics, loops.losses());
    for (const { epoch, filter } of keys.held) {
      if (epoch !== keys.epoch) continue;
      metrics.gauge('fog_mixnet_filter_fill_ratio', filter.tags / this.#filter.maxTags);
    }
  }

  /** Nothing comes in any more before the keys are saved: what is in the file has seen all that was sent on. */
  async #end(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    running.stopTimers();
    running.loops.stop();
    await running.publisher.stop();
    await running.links.stop();
    const saved = running.keys.save();
    running.pipeline.stop();
    running.keys.stop();
    running.vrf.erase();
    try {
      await writeKeyFile(this.#keyFile, saved);
    } catch (error) {
      this.#deps.logger.warn('mix keys not saved: the next start makes fresh ones', {
        error: errorMessage(error),
      });
    }
  }
}
