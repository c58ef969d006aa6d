/** The parts of a mixnet from their directories: what the fog of one process and single roles have in common. */
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { openIdentity, openSeed, randomFill } from '@fog/crypto';
import type { Clock, Logger, Service } from '@fog/kernel';
import {
  connectToGateway,
  type ConsensusClient,
  createAuthority,
  createConsensusClient,
  createDelayAudit,
  createGateway,
  createMixClient,
  createPeelPool,
  createRelay,
  createSignDescriptor,
  type DelayAudit,
  type DelayAuditDeps,
  type Directory,
  EMBEDDED_MAX_SLOTS,
  MAX_SLOTS,
  type MeasuringClient,
  type MixMetrics,
  type MixNetwork,
  type PeelPool,
  type Relay,
  type RelayDescriptor,
} from '@fog/mixnet';
import { FOG_VERSION } from '@fog/wire';
import { ensurePrivateDir } from '../process/data-dir.ts';
import { EMBEDDED_COVER } from './limits.ts';
import { openRelayIdentity } from './relay-identity.ts';
import type { AuthorityConfig, RelayConfig } from './role-config.ts';
import { standingFrom } from './standing-file.ts';

export interface MixDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: MixMetrics;
}

export const NO_METRICS: MixMetrics = {
  count: () => {},
  gauge: () => {},
  observe: () => {},
};

type Settings<T> = Omit<T, 'network' | 'listen'> & { readonly listen: RelayConfig['listen'] };

export async function makeAuthority(
  config: Settings<AuthorityConfig>,
  network: MixNetwork,
  deps: MixDeps,
): Promise<Service> {
  await ensurePrivateDir(config.dataDir);
  const seed = await openSeed(path.join(config.dataDir, 'authority.key'));
  return createAuthority(
    {
      network,
      seed,
      ...config.listen,
      statePath: path.join(config.dataDir, 'state.bin'),
      fast: config.embedded,
      parameters: config.embedded ? { cover: EMBEDDED_COVER } : {},
    },
    {
      ...deps,
      ...(config.admit === undefined ? {} : { admit: admitOnly(config.admit) }),
      ...(config.standing === undefined
        ? {}
        : { standing: standingFrom(config.standing, network.name, deps) }),
    },
  );
}

function admitOnly(ids: readonly string[]): (relay: RelayDescriptor) => boolean {
  const known = new Set(ids);
  return ({ id }) => known.has(id);
}

/** Its health is about this member alone: without a consensus it works on getting one. */
export async function makeDirectory(
  network: MixNetwork,
  dir: string,
  deps: MixDeps,
): Promise<ConsensusClient> {
  await ensurePrivateDir(dir);
  const cachePath = path.join(dir, 'consensus.bin');
  return createConsensusClient({ network, cachePath }, { ...deps, random: randomFill });
}

export function makePool(
  config: Pick<RelayConfig, 'profile' | 'peelThreads'>,
  deps: MixDeps,
): PeelPool {
  const workers = config.peelThreads ?? Math.max(1, availableParallelism() - 1);
  const maxSlots = config.profile === 'embedded' ? EMBEDDED_MAX_SLOTS : MAX_SLOTS;
  return createPeelPool({ workers, maxSlots }, deps);
}

export function poolService(pool: PeelPool): Service {
  return {
    name: 'peel-pool',
    start: (signal) => pool.start(signal),
    stop: () => pool.stop(),
    health: async () => pool.health(),
  };
}

export interface RelayPlace {
  readonly network: MixNetwork;
  readonly directory: Directory;
  readonly pool: PeelPool;
  readonly gateway: boolean;
}

export async function makeRelay(
  config: Settings<RelayConfig>,
  { network, directory, pool, gateway: isGateway }: RelayPlace,
  deps: MixDeps,
): Promise<{ readonly relay: Relay; readonly service: Service }> {
  await ensurePrivateDir(config.dataDir);
  const identity = await openRelayIdentity(config.dataDir);
  const random = randomFill;
  const gateway = isGateway ? createGateway({}, { ...deps, random }) : undefined;
  const relay = createRelay(
    {
      ...config,
      network,
      identity,
      roles: isGateway ? ['mix', 'gateway'] : ['mix'],
      software: `fog ${FOG_VERSION}`,
    },
    {
      ...deps,
      random,
      directory,
      pool,
      signDescriptor: createSignDescriptor(identity, network.name),
      ...(gateway === undefined ? {} : { gateway }),
    },
  );
  const service: Service = {
    name: relay.name,
    start: (signal) => relay.start(signal),
    stop: async () => {
      gateway?.stop();
      await relay.stop();
    },
    health: (signal) => relay.health(signal),
  };
  return { relay, service };
}

export async function makeClient(
  dir: string,
  directory: Directory,
  deps: MixDeps,
): Promise<MeasuringClient> {
  await ensurePrivateDir(dir);
  const identity = await openIdentity(path.join(dir, 'client.key'));
  return createMixClient(
    { identity, guardFile: path.join(dir, 'guards.json') },
    { ...deps, directory, random: randomFill, connect: connectToGateway },
  );
}

export function makeAudit(
  dir: string,
  parts: Pick<DelayAuditDeps, 'client' | 'directory' | 'onFindings'>,
  deps: MixDeps,
): DelayAudit {
  return createDelayAudit(
    { file: path.join(dir, 'audit.bin') },
    { ...deps, ...parts, random: randomFill },
  );
}
