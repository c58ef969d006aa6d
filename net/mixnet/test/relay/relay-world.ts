/** Relays with real links, one peel pool, and a directory that names whoever published. */
import path from 'node:path';
import { type Identity, identityFromSeed, randomFill } from '@fog/crypto';
import { type Clock, silentLogger, systemClock } from '@fog/kernel';
import {
  createBuildSpace,
  createPacket,
  encodePayload,
  geometryHash,
  PACKET_BYTES,
  PAYLOAD_BYTES,
  PAYLOAD_KIND,
  type RouteEnd,
} from '@fog/sphinx';
import { tempDir, waitFor } from '@fog/testkit';
import { createSignDescriptor, openDescriptor } from '../../src/directory/descriptor.ts';
import type {
  Consensus,
  RelayDescriptor,
  VerifiedConsensus,
} from '../../src/directory/documents.ts';
import { idBytes } from '../../src/ids.ts';
import { epochAt, type MixNetwork } from '../../src/network.ts';
import type { Directory, MixMetrics } from '../../src/ports.ts';
import { createPeelPool, type PeelPool } from '../../src/relay/peel-pool.ts';
import { createRelay } from '../../src/relay/relay.ts';
import type { Relay, RelayGateway, RelayOptions } from '../../src/relay/relay-ports.ts';

export const never: AbortSignal = new AbortController().signal;
export const noMetrics: MixMetrics = { count: () => {}, gauge: () => {}, observe: () => {} };
export const DELAY_MEANS: readonly number[] = [0, 5_000, 20_000, 100_000, 1_000_000];
const NAME = 'test';

/** Takes every descriptor that is well formed, and names its relay at once. */
export class InstantDirectory implements Directory {
  readonly published: RelayDescriptor[] = [];
  readonly #clock: Clock;
  readonly #epochMs: number;
  readonly #descriptors = new Map<string, RelayDescriptor>();
  readonly #listeners = new Set<(consensus: VerifiedConsensus) => void>();
  #current: VerifiedConsensus | undefined;
  #previous: VerifiedConsensus | undefined;
  refuse = false;
  refusals = 0;

  constructor(clock: Clock, epochMs: number) {
    this.#clock = clock;
    this.#epochMs = epochMs;
  }

  current(): VerifiedConsensus | undefined {
    return this.#current;
  }

  previous(): VerifiedConsensus | undefined {
    return this.#previous;
  }

  ready(): Promise<VerifiedConsensus> {
    return this.#current === undefined
      ? Promise.reject(new Error('no consensus'))
      : Promise.resolve(this.#current);
  }

  onConsensus(listener: (consensus: VerifiedConsensus) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async publish(bytes: Uint8Array): Promise<void> {
    if (this.refuse) {
      this.refusals += 1;
      throw new Error('refused');
    }
    const opened = openDescriptor(bytes, NAME);
    if (!opened.ok) throw new Error(opened.reason);
    const { descriptor } = opened.value;
    this.published.push(descriptor);
    this.#descriptors.set(descriptor.id, descriptor);
    this.agree();
  }

  /** A new consensus of all that is known. */
  agree(): void {
    this.#previous = this.#current;
    this.#current = this.#consensus();
    for (const listener of this.#listeners) listener(this.#current);
  }

  #consensus(): VerifiedConsensus {
    const epoch = epochAt(this.#epochMs, this.#clock.now());
    const relays = [...this.#descriptors.values()].map((descriptor) => ({
      descriptor,
      flags: ['Running' as const],
      reputationPpm: 0,
      performancePpm: 0,
      stakeCredits: 0,
      weightPpm: 1,
      active: true,
    }));
    const consensus: Consensus = {
      kind: 'fog-consensus/1',
      network: NAME,
      epoch,
      revision: this.published.length,
      previous: new Uint8Array(32),
      epochMs: this.#epochMs,
      validAfter: epoch * this.#epochMs,
      validUntil: (epoch + 3) * this.#epochMs,
      geometry: geometryHash(),
      delayMeansMicros: DELAY_MEANS,
      cover: { relayLoopsMilli: 0, clientLoopsMilli: 0, clientPayloadMilli: 0 },
      pathPolicy: {
        singleOperator: true,
        distinctFamilies: false,
        distinctSubnets: false,
        distinctRegions: false,
      },
      sharedRandom: new Uint8Array(32).fill(epoch % 256),
      previousSharedRandom: new Uint8Array(32).fill((epoch - 1) % 256),
      maxActive: 100,
      threshold: 1,
      authorities: [],
      relays,
    };
    return {
      consensus,
      hash: new Uint8Array(32),
      signers: [],
      relays: new Map(relays.map((relay) => [relay.descriptor.id, relay])),
    };
  }
}

export interface Delivered {
  readonly id: Uint8Array;
  readonly payload: Uint8Array;
  readonly surbId?: Uint8Array;
}

/** Keeps what is delivered. */
export class Inbox implements RelayGateway {
  readonly items: Delivered[] = [];
  attach(): void {}
  readonly onClient: RelayGateway['onClient'] = (link) => {
    link.close();
    return { onFrame: () => {}, onEnd: () => {} };
  };
  deliver(id: Uint8Array, payload: Uint8Array): void {
    this.items.push({ id, payload });
  }
  reply(id: Uint8Array, surbId: Uint8Array, payload: Uint8Array): void {
    this.items.push({ id, surbId, payload });
  }
}

export interface RelayWorld extends AsyncDisposable {
  readonly directory: InstantDirectory;
  readonly pool: PeelPool;
  readonly relays: readonly Relay[];
  readonly inboxes: readonly Inbox[];
  /** A packet over the relays with these indices, all with the same delay class. */
  packet(hops: readonly number[], end: RouteEnd, delayClass?: number): Uint8Array;
  /** Another relay with the same files, after the one with the index was stopped or given up. */
  again(index: number, dataDir?: string): Promise<Relay>;
  dataDir(index: number): string;
}

export interface WorldOptions {
  readonly relays: number;
  readonly workers?: number;
  readonly maxSlots?: number;
  readonly epochMs?: number;
  readonly clock?: Clock;
  readonly relay?: Partial<RelayOptions>;
}

export async function startWorld(options: WorldOptions): Promise<RelayWorld> {
  const { workers = 1, maxSlots = 4096, epochMs = 20 * 60_000, clock = systemClock } = options;
  const stack = new AsyncDisposableStack();
  const dir = stack.use(await tempDir());
  const deps = { clock, logger: silentLogger, metrics: noMetrics, random: randomFill };
  const network: MixNetwork = { name: NAME, epochMs, threshold: 1, authorities: [] };
  const directory = new InstantDirectory(clock, epochMs);
  const pool = createPeelPool({ workers, maxSlots }, deps);
  await pool.start(never);
  stack.defer(() => pool.stop());
  const inboxes: Inbox[] = [];
  const dataDir = (index: number): string => path.join(dir.path, `relay-${index}`);
  const make = (index: number, files = dataDir(index)): Relay => {
    const identity: Identity = identityFromSeed(new Uint8Array(32).fill(index + 1));
    const gateway = new Inbox();
    inboxes[index] = gateway;
    const relay = createRelay(
      {
        network,
        identity,
        dataDir: files,
        profile: 'embedded',
        listen: { host: '127.0.0.1', port: 0 },
        roles: ['mix', 'gateway'],
        family: '',
        region: '',
        software: 'fog/test',
        declaredRate: 1000,
        ...options.relay,
      },
      {
        ...deps,
        directory,
        pool,
        gateway,
        signDescriptor: createSignDescriptor(identity, NAME),
      },
    );
    stack.defer(() => relay.stop());
    return relay;
  };
  const relays: Relay[] = [];
  for (let index = 0; index < options.relays; index += 1) {
    const relay = make(index);
    relays.push(relay);
    await relay.start(never);
  }
  await waitFor('all relays to be named', () => {
    return directory.current()?.relays.size === options.relays;
  });
  return {
    directory,
    pool,
    relays,
    inboxes,
    packet: (hops, end, delayClass = 0) =>
      buildPacket({ directory, relays, hops, end, delayClass }),
    dataDir,
    again: async (index, files) => {
      const relay = make(index, files);
      relays[index] = relay;
      await relay.start(never);
      return relay;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const space = createBuildSpace(randomFill);

export interface PacketPlan {
  readonly directory: Directory;
  readonly relays: readonly Relay[];
  readonly hops: readonly number[];
  readonly end: RouteEnd;
  readonly delayClass: number;
  readonly epoch?: number;
}

export function buildPacket(plan: PacketPlan): Uint8Array {
  const consensus = plan.directory.current();
  const epoch = plan.epoch ?? consensus?.consensus.epoch ?? 0;
  const hops = plan.hops.map((index) => {
    const id = plan.relays[index]?.id ?? '';
    const descriptor = consensus?.relays.get(id)?.descriptor;
    const key = descriptor?.mixKeys.find((each) => each.epoch === epoch);
    if (key === undefined) throw new Error(`no key of epoch ${epoch}`);
    return {
      id: idBytes(id) as Uint8Array,
      publicKey: key.key,
      epoch,
      delayClass: plan.delayClass,
    };
  });
  const packet = new Uint8Array(PACKET_BYTES);
  createPacket(packet, { hops, end: plan.end }, testPayload('hello'), space);
  return packet;
}

export function testPayload(text: string): Uint8Array {
  const payload = new Uint8Array(PAYLOAD_BYTES);
  encodePayload(payload, {
    kind: PAYLOAD_KIND.message,
    surbs: [],
    data: new TextEncoder().encode(text),
  });
  return payload;
}
