/** A whole mix network in this process, on real sockets: authorities, relays, gateways, clients. */
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { identityFromSeed, randomFill } from '@fog/crypto';
import { silentLogger, systemClock } from '@fog/kernel';
import {
  type Authority,
  authorityContact,
  authorityKeys,
  connectToGateway,
  type ConsensusClient,
  createAuthority,
  createConsensusClient,
  createGateway,
  createMixClient,
  createPeelPool,
  createRelay,
  createSignDescriptor,
  EMBEDDED_MAX_SLOTS,
  type Gateway,
  type MeasuringClient,
  type MixMetrics,
  type MixNetwork,
  type PeelPool,
  type Relay,
} from '@fog/mixnet';
import { tempDir, waitFor } from '@fog/testkit';

export interface MixWorld extends AsyncDisposable {
  readonly network: MixNetwork;
  readonly authorities: readonly Authority[];
  readonly directory: ConsensusClient;
  readonly relays: readonly Relay[];
  readonly pool: PeelPool;
  client(name: number): Promise<MeasuringClient>;
  /** Stops the relay for good. */
  kill(id: string): Promise<void>;
}

const AUTHORITIES = 3;
const RELAYS = 9;
const GATEWAYS = 4;
const noMetrics: MixMetrics = { count: () => {}, gauge: () => {}, observe: () => {} };
const common = {
  clock: systemClock,
  logger: silentLogger,
  metrics: noMetrics,
  random: randomFill,
};

export async function mixWorld(): Promise<MixWorld> {
  const signal = AbortSignal.timeout(60_000);
  const dir = await tempDir();
  const stack = new AsyncDisposableStack();
  stack.defer(() => dir[Symbol.asyncDispose]());
  const ports = await freePorts(AUTHORITIES);
  const seeds = ports.map((_, index) => new Uint8Array(32).fill(100 + index));
  const network: MixNetwork = {
    name: 'test',
    epochMs: 20 * 60_000,
    threshold: 2,
    authorities: seeds.map((seed, index) =>
      authorityContact(authorityKeys(seed), `http://127.0.0.1:${ports[index]}`),
    ),
  };
  const authorities = seeds.map((seed, index) =>
    createAuthority(
      {
        network,
        seed,
        host: '127.0.0.1',
        port: ports[index] as number,
        statePath: dir.file(`authority-${index}`),
        fast: true,
      },
      common,
    ),
  );
  const directory = createConsensusClient({ network, cachePath: dir.file('consensus') }, common);
  const pool = createPeelPool({ workers: 1, maxSlots: EMBEDDED_MAX_SLOTS }, common);
  for (const service of [...authorities, directory, pool]) {
    await service.start(signal);
    stack.defer(() => service.stop());
  }
  const gateways = new Map<string, Gateway>();
  const relays = Array.from({ length: RELAYS }, (_, index) => {
    const identity = identityFromSeed(new Uint8Array(32).fill(1 + index));
    const gateway = index < GATEWAYS ? createGateway({}, common) : undefined;
    if (gateway !== undefined) gateways.set(identity.id, gateway);
    return createRelay(
      {
        network,
        identity,
        dataDir: dir.file(`relay-${index}`),
        profile: 'embedded',
        listen: { host: '127.0.0.1', port: 0 },
        roles: gateway === undefined ? ['mix'] : ['mix', 'gateway'],
        family: 'test',
        region: '',
        software: 'test',
        declaredRate: 1_000,
      },
      {
        ...common,
        directory,
        pool,
        signDescriptor: createSignDescriptor(identity, network.name),
        ...(gateway === undefined ? {} : { gateway }),
      },
    );
  });
  for (const relay of relays) {
    await relay.start(signal);
    stack.defer(() => relay.stop());
  }
  stack.defer(() => {
    for (const gateway of gateways.values()) gateway.stop();
  });
  await waitFor('a consensus with all relays', () => directory.current()?.relays.size === RELAYS);
  return {
    network,
    authorities,
    directory,
    relays,
    pool,
    client: async (name) => {
      const identity = identityFromSeed(new Uint8Array(32).fill(50 + name));
      const client = createMixClient(
        { identity, guardFile: dir.file(`guards-${name}`) },
        { ...common, directory, connect: connectToGateway },
      );
      await client.start(signal);
      stack.defer(() => client.stop());
      await waitFor('a gateway', () => client.address !== undefined);
      return client;
    },
    kill: async (id) => {
      gateways.get(id)?.stop();
      await relays.find((relay) => relay.id === id)?.stop();
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function freePorts(count: number): Promise<number[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      await new Promise((resolve) => server.close(resolve));
      return port;
    }),
  );
}
