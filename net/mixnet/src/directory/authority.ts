/**
 * A directory authority: collects relays' descriptors, votes with the others, serves what they agree on.
 * Survives crashes of a minority. It does not survive a lying authority together with a partition: for f
 * liars use 3f + 1 authorities and a threshold of 2f + 1.
 */
import type { Clock, Health, Logger, Service } from '@fog/kernel';
import type { MixNetwork } from '../network.ts';
import type { MixMetrics } from '../ports.ts';
import { authorityKeys } from './authority-keys.ts';
import { createAuthorityPeers } from './authority-peers.ts';
import {
  type AuthorityRequests,
  type AuthorityStatus,
  createAuthorityRequests,
  statusOf,
} from './authority-requests.ts';
import {
  createStateFile,
  emptyState,
  readState,
  type AuthorityState,
  type StatePlace,
} from './authority-state.ts';
import { type AuthorityWorld, createVotedRounds, type RoundTiming } from './authority-world.ts';
import { blobFile, type BlobFile } from './blob-file.ts';
import { checkNetwork } from './check-network.ts';
import { encodeSignedConsensus } from './consensus.ts';
import { type AdmitRelay, createDescriptorStore } from './descriptor-store.ts';
import { type DirectoryCall, httpDirectoryCall } from './directory-call.ts';
import { type DirectoryServer, openDirectoryServer } from './directory-server.ts';
import { createEvidenceBook } from './evidence.ts';
import { NO_STANDING, type RelayStanding } from './figures.ts';
import { adopt, pull } from './finished.ts';
import { createGridRounds } from './grid-rounds.ts';
import { createHeldConsensuses } from './held-consensuses.ts';
import { createImmediateRounds } from './immediate-rounds.ts';
import { DEFAULT_MAX_ACTIVE, MAX_OPEN_ROUNDS } from './limits.ts';
import { openConsensus } from './open-consensus.ts';
import { createReveals } from './reveals.ts';
import { createRoundBook } from './round.ts';
import type { NetworkParameters } from './vote.ts';

export interface AuthorityOptions {
  readonly network: MixNetwork;
  /** 32 bytes of its key file: `authorityKeys` makes both its keys of them. */
  readonly seed: Uint8Array;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Its one file, 0600. */
  readonly statePath: string;
  /** Shorter waits in immediate rounds, for a network on one machine. */
  readonly fast?: boolean;
  readonly parameters?: Partial<NetworkParameters>;
}

export interface AuthorityDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: MixMetrics;
  /** Reputation and stake; nothing is known of either without it. */
  readonly standing?: RelayStanding;
  /** Which relays may join; all without it. */
  readonly admit?: AdmitRelay;
  readonly call?: DirectoryCall;
  /** In place of the file at `statePath`. */
  readonly stateFile?: BlobFile;
}

export interface Authority extends Service {
  /** Where it listens; throws before `start`. */
  readonly port: number;
  status(): AuthorityStatus;
}

/** An authority without its socket: what tests with a clock of their own talk to. */
export interface AuthorityCore {
  readonly requests: AuthorityRequests;
  status(): AuthorityStatus;
  health(): Health;
  start(): Promise<void>;
  stop(): Promise<void>;
}

const DEFAULT_PARAMETERS: NetworkParameters = {
  delayMeansMicros: [0, 5_000, 20_000, 100_000, 1_000_000],
  cover: { relayLoopsMilli: 1_000, clientLoopsMilli: 1_000, clientPayloadMilli: 20_000 },
  maxActive: DEFAULT_MAX_ACTIVE,
};

const TIMING: RoundTiming = { quietMs: 500, gatherMs: 2_000, phaseMs: 2_000, gapMs: 1_000 };
const FAST_TIMING: RoundTiming = { quietMs: 200, gatherMs: 1_000, phaseMs: 1_000, gapMs: 500 };

export function createAuthority(options: AuthorityOptions, deps: AuthorityDeps): Authority {
  const keys = authorityKeys(options.seed);
  checkNetwork(options.network, keys);
  let core: AuthorityCore | undefined;
  let server: DirectoryServer | undefined;
  const stop = async (): Promise<void> => {
    const [lastServer, lastCore] = [server, core];
    server = undefined;
    core = undefined;
    await lastServer?.close();
    await lastCore?.stop();
  };
  return {
    name: `authority-${keys.identity.id.slice(0, 8)}`,
    restartable: true,
    get port() {
      if (server === undefined) throw new Error('the directory authority has not started');
      return server.port;
    },
    status: () => {
      if (core === undefined) throw new Error('the directory authority has not started');
      return core.status();
    },
    start: async () => {
      core = await openAuthorityCore(options, deps);
      const { clock, logger } = deps;
      try {
        server = await openDirectoryServer(options, { clock, logger, requests: core.requests });
        await core.start();
      } catch (error) {
        await stop();
        throw error;
      }
    },
    stop,
    health: () =>
      Promise.resolve(
        core?.health() ?? { state: 'unhealthy', detail: 'The authority is not running.' },
      ),
  };
}

/** Healthy with a consensus of this epoch. */
function healthOf(world: AuthorityWorld): Health {
  const fault = world.peers.clockFault();
  if (fault !== undefined) return { state: 'unhealthy', detail: fault.message };
  const { current, epoch } = statusOf(world);
  if (current === null) {
    const detail = `There is no consensus for epoch ${epoch} yet: it needs relays and a threshold of authorities.`;
    return { state: 'degraded', detail };
  }
  if (current.epoch === epoch) return { state: 'healthy' };
  const detail = `The consensus of epoch ${current.epoch} serves on: the last round failed.`;
  return { state: 'degraded', detail };
}

/** Reads the state; throws MIXNET_STATE and MIXNET_NETWORK. */
export async function openAuthorityCore(
  options: AuthorityOptions,
  deps: AuthorityDeps,
): Promise<AuthorityCore> {
  checkNetwork(options.network, authorityKeys(options.seed));
  const stored = await readState(statePlace(options, deps), options.network.name);
  const world = createWorld(options, deps, stored);
  restore(world, stored);
  const immediate = createImmediateRounds(world);
  const grid = createGridRounds(world);
  return {
    requests: createAuthorityRequests(world, { immediate, grid }),
    status: () => statusOf(world),
    health: () => healthOf(world),
    start: async () => {
      // The others may have gone on while this one was away.
      await pull(world, world.timing.phaseMs);
      const fault = world.peers.clockFault();
      if (fault !== undefined) world.logger.error(fault.message);
      grid.start();
      immediate.start();
    },
    stop: async () => {
      grid.stop();
      immediate.stop();
      world.peers.stop();
      await world.save();
      world.keys.vrf.erase();
    },
  };
}

function createWorld(
  options: AuthorityOptions,
  deps: AuthorityDeps,
  stored: AuthorityState,
): AuthorityWorld {
  const { network, seed, fast = false, parameters } = options;
  const { clock, metrics } = deps;
  const keys = authorityKeys(seed);
  const logger = deps.logger.child({ authority: keys.identity.id.slice(0, 8) });
  const voted = createVotedRounds(stored.voted);
  const world: AuthorityWorld = {
    network,
    keys,
    timing: fast ? FAST_TIMING : TIMING,
    parameters: { ...DEFAULT_PARAMETERS, ...parameters },
    standing: deps.standing ?? NO_STANDING,
    clock,
    logger,
    metrics,
    store: createDescriptorStore(network, deps.admit ?? (() => true)),
    held: createHeldConsensuses(),
    book: createRoundBook(
      MAX_OPEN_ROUNDS,
      ({ epoch, revision }) => voted.revision(epoch) === revision,
    ),
    evidence: createEvidenceBook(stored.evidence),
    reveals: createReveals(stored.periods),
    peers: createAuthorityPeers(network, keys.identity.id, {
      clock,
      logger,
      call: deps.call ?? httpDirectoryCall,
    }),
    voted,
    save: () => file.save(),
  };
  const file = createStateFile(statePlace(options, deps), () => stateOf(world));
  return world;
}

function statePlace({ statePath }: AuthorityOptions, { stateFile }: AuthorityDeps): StatePlace {
  return { path: statePath, file: stateFile ?? blobFile(statePath) };
}

function restore(world: AuthorityWorld, stored: AuthorityState): void {
  world.store.restore(stored.descriptors);
  for (const signed of stored.consensuses.toReversed()) {
    const verdict = openConsensus(signed, world.network);
    if (verdict.ok) adopt(world, verdict.opened);
    else world.logger.warn('a stored consensus is of no use', { reason: verdict.reason });
  }
}

function stateOf({
  network,
  held,
  voted,
  reveals,
  store,
  evidence,
}: AuthorityWorld): AuthorityState {
  return {
    ...emptyState(network.name),
    consensuses: held.all().map(({ signed }) => encodeSignedConsensus(signed)),
    voted: voted.all(),
    periods: reveals.periods(),
    descriptors: store.snapshot(),
    evidence: evidence.all(),
  };
}
