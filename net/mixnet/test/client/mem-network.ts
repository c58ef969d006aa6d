/** Relays without sockets: real peeling, owed delays and gateways on a virtual clock. */
import {
  chacha20,
  type Identity,
  identityFromSeed,
  type RandomFill,
  type VrfKey,
  vrfKeyFromSeed,
} from '@fog/crypto';
import { silentLogger } from '@fog/kernel';
import {
  createMixKey,
  createPeelSpace,
  geometryHash,
  type MixKey,
  PACKET_BYTES,
  PAYLOAD_BYTES,
  peel,
} from '@fog/sphinx';
import { VirtualClock } from '@fog/testkit';
import type {
  ConsensusRelay,
  PathPolicy,
  RelayDescriptor,
  VerifiedConsensus,
  VrfReveal,
} from '../../src/directory/documents.ts';
import { vrfInput } from '../../src/directory/vrf-input.ts';
import { createGateway, type Gateway } from '../../src/gateway/gateway.ts';
import { idText } from '../../src/ids.ts';
import type {
  ClientLink,
  ConnectToGateway,
  FrameHandlers,
  FrameLink,
  LinkEnd,
} from '../../src/link/link-ports.ts';
import { epochAt } from '../../src/network.ts';
import type { Directory, MixMetrics } from '../../src/ports.ts';
import { owedDelayMs } from '../../src/relay/delays.ts';

export const DELAY_MEANS: readonly number[] = [0, 5_000, 20_000, 100_000, 1_000_000];
export const NO_RULES: PathPolicy = {
  singleOperator: true,
  distinctFamilies: true,
  distinctSubnets: true,
  distinctRegions: false,
};

export function seededRandom(seed: number): RandomFill {
  const key = new Uint8Array(32);
  new DataView(key.buffer).setUint32(0, seed);
  const nonce = new Uint8Array(8);
  let calls = 0;
  return (bytes) => {
    calls += 1;
    new DataView(nonce.buffer).setUint32(0, calls);
    chacha20(bytes, new Uint8Array(bytes.length), nonce, key);
  };
}

export interface CountedMetrics extends MixMetrics {
  total(name: string, labels?: Readonly<Record<string, string>>): number;
}

export function countedMetrics(): CountedMetrics {
  const counts: { name: string; labels: Readonly<Record<string, string>>; by: number }[] = [];
  return {
    count: (name, labels = {}, by = 1) => void counts.push({ name, labels, by }),
    gauge: () => {},
    observe: () => {},
    total: (name, labels = {}) =>
      counts
        .filter((each) => each.name === name)
        .filter((each) =>
          Object.entries(labels).every(([key, value]) => each.labels[key] === value),
        )
        .reduce((sum, { by }) => sum + by, 0),
  };
}

export interface MemRelay {
  readonly id: string;
  readonly descriptor: () => RelayDescriptor;
  readonly gateway: Gateway | undefined;
  alive: boolean;
  /** How long it really holds a packet that owes so much. */
  delayMs: (owedMs: number) => number;
  /** Whether it drops the packet. */
  drops: () => boolean;
  readonly seen: string[];
  receive(packet: Uint8Array): void;
}

export interface MemNetwork {
  readonly clock: VirtualClock;
  readonly random: RandomFill;
  readonly metrics: CountedMetrics;
  readonly relays: readonly MemRelay[];
  readonly directory: Directory;
  readonly connect: ConnectToGateway;
  relay(id: string): MemRelay;
  consensus(): VerifiedConsensus;
  /** Makes the consensus of the present epoch and hands it out. */
  publish(): VerifiedConsensus;
}

export interface MemOptions {
  readonly relays?: number;
  readonly gateways?: number;
  readonly seed?: number;
  readonly epochMs?: number;
  readonly latencyMs?: number;
  readonly policy?: PathPolicy;
  readonly cover?: {
    relayLoopsMilli: number;
    clientLoopsMilli: number;
    clientPayloadMilli: number;
  };
}

export function createMemNetwork(options: MemOptions = {}): MemNetwork {
  const { relays: count = 9, gateways = 4, seed = 1, epochMs = 1_200_000, latencyMs = 1 } = options;
  const clock = new VirtualClock(Math.ceil(Date.UTC(2030, 0, 1) / epochMs) * epochMs);
  const random = seededRandom(seed);
  const metrics = countedMetrics();
  const listeners = new Set<(consensus: VerifiedConsensus) => void>();
  const byId = new Map<string, MemRelay>();
  const context = { clock, random, metrics, byId, epochMs, latencyMs };
  const relays = Array.from({ length: count }, (_, index) =>
    createMemRelay(context, index, index < gateways),
  );
  for (const relay of relays) byId.set(relay.id, relay);
  let current = makeConsensus(relays, clock, epochMs, options);
  return {
    clock,
    random,
    metrics,
    relays,
    connect: memConnect(byId, clock),
    relay: (id) => byId.get(id) as MemRelay,
    consensus: () => current,
    publish: () => {
      current = makeConsensus(relays, clock, epochMs, options);
      for (const listener of listeners) listener(current);
      return current;
    },
    directory: {
      current: () => current,
      previous: () => undefined,
      ready: async () => current,
      onConsensus: (listener) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
      publish: async () => {},
    },
  };
}

/** Value of the epoch, the same for everyone. */
export function sharedRandomOf(epoch: number): Uint8Array {
  return new Uint8Array(32).fill(epoch % 256);
}

function makeConsensus(
  relays: readonly MemRelay[],
  clock: VirtualClock,
  epochMs: number,
  { policy = NO_RULES, cover }: MemOptions,
): VerifiedConsensus {
  const epoch = epochAt(epochMs, clock.now());
  const listed = relays
    .filter(({ alive }) => alive)
    .map(({ descriptor, gateway }): ConsensusRelay => ({
      descriptor: descriptor(),
      flags: gateway ? ['Running', 'Guard', 'Gateway'] : ['Running'],
      reputationPpm: 500_000,
      performancePpm: 500_000,
      stakeCredits: 0,
      weightPpm: 500_000,
      active: true,
    }))
    .sort((a, b) => (a.descriptor.id < b.descriptor.id ? -1 : 1));
  return {
    consensus: {
      kind: 'fog-consensus/1',
      network: 'test',
      epoch,
      revision: 0,
      previous: new Uint8Array(32),
      epochMs,
      validAfter: epoch * epochMs,
      validUntil: (epoch + 1) * epochMs,
      geometry: geometryHash(),
      delayMeansMicros: DELAY_MEANS,
      cover: cover ?? { relayLoopsMilli: 200, clientLoopsMilli: 1_000, clientPayloadMilli: 20_000 },
      pathPolicy: policy,
      sharedRandom: sharedRandomOf(epoch),
      previousSharedRandom: sharedRandomOf(epoch - 1),
      maxActive: 100,
      threshold: 2,
      authorities: [],
      relays: listed,
    },
    hash: new Uint8Array(32),
    signers: [],
    relays: new Map(listed.map((relay) => [relay.descriptor.id, relay])),
  };
}

interface Context {
  readonly clock: VirtualClock;
  readonly random: RandomFill;
  readonly metrics: CountedMetrics;
  readonly byId: ReadonlyMap<string, MemRelay>;
  readonly epochMs: number;
  readonly latencyMs: number;
}

interface RelayKeys {
  readonly current: () => number;
  readonly mixKey: (epoch: number) => MixKey;
  readonly reveal: (epoch: number) => VrfReveal;
  /** Keys whose packets are taken now. */
  readonly open: () => MixKey[];
}

function createRelayKeys({ clock, random, epochMs }: Context, vrf: VrfKey): RelayKeys {
  const keys = new Map<number, MixKey>();
  const reveals = new Map<number, VrfReveal>();
  const current = (): number => epochAt(epochMs, clock.now());
  const mixKey = (epoch: number): MixKey => {
    const key = keys.get(epoch) ?? createMixKey(epoch, random);
    keys.set(epoch, key);
    return key;
  };
  return {
    current,
    mixKey,
    reveal: (epoch) => {
      const alpha = vrfInput(epoch, sharedRandomOf(epoch));
      const known = reveals.get(epoch) ?? { epoch, ...vrf.prove(alpha) };
      reveals.set(epoch, known);
      return known;
    },
    open: () => {
      const share = (clock.now() % epochMs) / epochMs;
      const before = share < 0.15 ? [current() - 1] : [];
      const after = share > 0.85 ? [current() + 1] : [];
      return [current(), ...before, ...after].map(mixKey);
    },
  };
}

function createMemRelay(context: Context, index: number, isGateway: boolean): MemRelay {
  const { clock, random, metrics, byId, latencyMs } = context;
  const seed = new Uint8Array(32);
  random(seed);
  const identity = identityFromSeed(seed);
  const vrf = vrfKeyFromSeed(seed);
  const keys = createRelayKeys(context, vrf);
  const deps = { clock, random, metrics, logger: silentLogger };
  const gateway = isGateway ? createGateway({}, deps) : undefined;
  const forward = (id: string, packet: Uint8Array): void => {
    clock.after(latencyMs, () => byId.get(id)?.receive(packet));
  };
  const relay: MemRelay = {
    id: identity.id,
    gateway,
    alive: true,
    delayMs: (owedMs) => owedMs,
    drops: () => false,
    seen: [],
    descriptor: () => ({
      ...describeRelay(identity, index, isGateway),
      epoch: keys.current(),
      mixKeys: [0, 1, 2].map((ahead) => {
        const { epoch, publicKey } = keys.mixKey(keys.current() + ahead);
        return { epoch, key: publicKey };
      }),
      vrfKey: vrf.publicKey,
      reveals: [keys.reveal(keys.current() - 2), keys.reveal(keys.current() - 1)],
    }),
    receive: createReceiver(keys, forward, { clock, relay: () => relay }),
  };
  gateway?.attach({
    id: relay.id,
    inject: (packet) => {
      const copy = packet.slice();
      clock.after(0, () => relay.receive(copy));
      return true;
    },
    send: (peer, packet) => {
      forward(peer, packet.slice());
      return true;
    },
  });
  return relay;
}

function createReceiver(
  keys: RelayKeys,
  forward: (id: string, packet: Uint8Array) => void,
  { clock, relay }: { readonly clock: VirtualClock; readonly relay: () => MemRelay },
): (received: Uint8Array) => void {
  const space = createPeelSpace();
  return (received) => {
    const { alive, gateway, seen, drops, delayMs } = relay();
    if (!alive) return;
    const packet = received.slice();
    const open = keys.open();
    const verdict = peel(packet, open, space);
    seen.push(verdict);
    if (verdict !== 'ok' || drops()) return;
    const { command, delayClass, delayTag } = space.hop;
    const [id, surbId] = [space.hop.id.slice(), space.hop.surbId.slice()];
    const epoch = open.find((key) => key.epoch % 256 === received[1])?.epoch ?? 0;
    const owedMs = owedDelayMs(keys.reveal(epoch).output, delayTag, DELAY_MEANS[delayClass] ?? 0);
    clock.after(delayMs(owedMs), () => {
      const payload = packet.slice(PACKET_BYTES - PAYLOAD_BYTES);
      if (command === 'forward') forward(idText(id), packet);
      else if (command === 'deliver') gateway?.deliver(id, payload);
      else if (command === 'reply') gateway?.reply(id, surbId, payload);
    });
  };
}

function describeRelay(
  identity: Identity,
  index: number,
  isGateway: boolean,
): Omit<RelayDescriptor, 'epoch' | 'mixKeys' | 'vrfKey' | 'reveals'> {
  return {
    kind: 'fog-relay/1',
    id: identity.id,
    identityKey: identity.publicKey,
    revision: 0,
    linkKey: identity.publicKey,
    addresses: [{ host: `${20 + index}.${index}.0.1`, port: 1 }],
    roles: isGateway ? ['mix', 'gateway'] : ['mix'],
    family: `family-${index}`,
    region: 'here',
    software: 'test',
    features: [],
    declaredRate: 1_000,
    measuredRate: 1_000,
    loss: [],
    stakeAccount: '',
  };
}

interface End extends ClientLink {
  handlers: FrameHandlers | undefined;
  other: End | undefined;
}

/** Two ends of a link whose frames take a turn of the clock. */
export function memLink(
  clock: VirtualClock,
  {
    client,
    gateway,
    key,
  }: { readonly client: string; readonly gateway: string; readonly key: Uint8Array },
): { readonly atClient: End; readonly atGateway: End } {
  let open = true;
  const end = (peer: string): End => {
    const self: End = {
      peer,
      key,
      features: [],
      queued: 0,
      handlers: undefined,
      other: undefined,
      sendFrame: (kind, body) => {
        if (!open) return false;
        const frame = new Uint8Array(PACKET_BYTES);
        frame.set(body);
        clock.after(0.25, () => {
          if (open) self.other?.handlers?.onFrame(kind, frame);
        });
        return true;
      },
      close: (reason: LinkEnd = 'local') => {
        if (!open) return;
        open = false;
        self.handlers?.onEnd(reason);
        self.other?.handlers?.onEnd('peer');
      },
    };
    return self;
  };
  const [atClient, atGateway] = [end(gateway), end(client)];
  atClient.other = atGateway;
  atGateway.other = atClient;
  return { atClient, atGateway };
}

function memConnect(byId: ReadonlyMap<string, MemRelay>, clock: VirtualClock): ConnectToGateway {
  return async ({ gateway, identity }, { handlers }): Promise<FrameLink> => {
    const relay = byId.get(gateway.id);
    if (!relay?.alive || !relay.gateway) throw new Error(`gateway ${gateway.id} is down`);
    const names = { client: identity.id, gateway: gateway.id, key: identity.publicKey };
    const { atClient, atGateway } = memLink(clock, names);
    atClient.handlers = handlers;
    atGateway.handlers = relay.gateway.onClient(atGateway);
    return atClient;
  };
}
