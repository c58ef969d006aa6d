/** The whole fog of one process: store, coordinator, API and worker under one service manager. */
import path from 'node:path';
import { type CoordinatorOptions, createCoordinator } from '@fog/coordinator';
import type { Clock, Logger, Service } from '@fog/kernel';
import {
  type ApiServer,
  createApiServer,
  createCredentials,
  createEnrolment,
  createMetrics,
  createServiceManager,
  type ListenOptions,
  type ServiceManager,
  type Services,
} from '@fog/server';
import type { Runtime } from '@fog/runtime';
import { lockDirectory } from '@fog/store/lock';
import type { JoinCode } from '@fog/wire';
import {
  createEmbeddedMixnet,
  type EmbeddedMixnet,
  type EmbeddedMixnetDeps,
  type EmbeddedMixnetOptions,
} from '../mix/embedded-mixnet.ts';
import { joinAddress } from '../connect/join-address.ts';
import { knownFogsFile } from '../connect/known-fogs-file.ts';
import { composeLive } from './compose-live.ts';
import { composeAgent, type ComposeAgentOptions } from './compose-agent.ts';
import { composeReexecution } from './compose-reexecution.ts';
import { openOperatorToken } from './operator-token.ts';
import { openStorage, type StorageOptions } from './open-storage.ts';
import { createStoreService } from './store-service.ts';
import { createWorkerService } from './worker-service.ts';

type WorkerOptions = Pick<ComposeAgentOptions, 'slots' | 'sandbox' | 'profile' | 'measureSpeed'>;

export interface ComposeFogOptions {
  readonly dataDir: string;
  /** Undefined: all in the data directory. */
  readonly storage?: StorageOptions | undefined;
  /** Where several coordinators of the fog hear of each other; undefined: this one is alone. */
  readonly live?: string | undefined;
  /** Snapshots and caches of sandboxes; outlives an embedded fog. */
  readonly runtimesDir: string;
  /** 0: any free one. */
  readonly port: number;
  /** Undefined: only this machine finds the fog. */
  readonly listen?: ListenOptions | undefined;
  /** How long ended jobs are kept; its own default when left out. */
  readonly kept?: Pick<CoordinatorOptions, 'keepMs'> | undefined;
  /** Undefined: this process runs no tasks. */
  readonly worker: WorkerOptions | undefined;
  /** Undefined: no mixnet. */
  readonly mixnet?: Pick<EmbeddedMixnetOptions, 'processes' | 'networkFile' | 'env'> | undefined;
}

export interface ComposeFogDeps {
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface RunningFog extends AsyncDisposable {
  readonly fogId: string;
  /** For commands on this machine. */
  readonly url: string;
  /** For other machines, if they find the fog; else for this one. */
  readonly address: string;
  /** The same for all coordinators of the fog that are known now, behind each other. */
  readonly joinAddress: string;
  readonly token: string;
  /** Where its state is. */
  readonly places: { readonly store: string; readonly blobs: string };
  readonly services: Services;
  /** What to say of a sandbox that is weaker than it could be, with the remedy. */
  readonly sandboxNote: string | undefined;
  invite(): Promise<JoinCode>;
}

/** Owner of the machines that join with codes printed here. */
const OPERATOR_ACCOUNT = 'operator';
/** Parts without which there is no fog; the worker may fail, and the rest still serves. */
const ESSENTIAL = ['store', 'coordinator', 'api'];

/** Starts everything; disposing it stops all in reverse order. Throws STORE_LOCKED, SERVER_PORT_TAKEN and what parts throw. */
export async function composeFog(
  options: ComposeFogOptions,
  deps: ComposeFogDeps,
  signal: AbortSignal,
): Promise<RunningFog> {
  await using stack = new AsyncDisposableStack();
  const { dataDir, port, listen, worker, kept = {} } = options;
  stack.use(lockDirectory(dataDir));
  const storage = await openStorage(dataDir, options.storage, deps.clock);
  const { store, blobs, identity } = storage;
  const storeService = createStoreService(store, blobs);
  stack.defer(() => storeService.stop());
  const credentials = createCredentials(store, deps.clock);
  const enrolment = createEnrolment(store, deps.clock);
  const token = await openOperatorToken(dataDir, credentials);
  // Others cannot reach it before it listens.
  const addressNow = (): string | undefined =>
    api.routes.length === 0 ? undefined : addressOf(api);
  const candidate =
    store.kind === 'sqlite' ? undefined : { holder: storage.coordinator, address: addressNow };
  const reexecution = stack.use(composeReexecution(options, { ...deps, blobs }));
  const metrics = createMetrics();
  const coordinatorDeps = { ...deps, store, fogId: identity.id, blobs, candidate, reexecution };
  const coordinator = createCoordinator(kept, { ...coordinatorDeps, metrics: metrics.later });
  const among = { url: options.live, fogId: identity.id, id: storage.coordinator };
  const { live, roster, services: shared } = await composeLive(among, coordinator, deps);
  stack.defer(() => live.stop());
  const services = (): ServiceManager => manager;
  const mixnet = mixnetOf(options, identity.id, { ...deps, metrics, relayBook: coordinator });
  const api = createApiServer(
    { host: '127.0.0.1', port, requires: ['store'], ...(listen && { listen }) },
    {
      identity,
      coordinator,
      blobs,
      credentials,
      enrolment,
      live,
      roster,
      services,
      metrics,
      ...deps,
      ...(mixnet === undefined ? {} : { mixnet: mixnet.api }),
    },
  );
  const invite = (): Promise<JoinCode> => enrolment.issue(OPERATOR_ACCOUNT);
  const agent = createWorkerService(async () =>
    composeAgent(agentOptions(options, api.url, (await invite()).code), deps),
  );
  const parts = [storeService, coordinator, api, ...shared, ...(worker ? [agent] : [])];
  const manager = manage(parts, mixnet?.services ?? [], deps);
  stack.defer(() => manager.stop());
  await manager.start(signal);
  // The address it is a candidate with is known only now; who asks next finds it leading, or standing by.
  await coordinator.campaign();
  const address = addressOf(api);
  await roster.join(address);
  stack.defer(() => roster.leave());
  const owned = stack.move();
  return {
    fogId: identity.id,
    url: api.url,
    address,
    joinAddress: joinAddress(roster.addresses(api.addresses)) ?? address,
    token,
    places: { store: store.place, blobs: blobs.place },
    services: manager,
    sandboxNote: sandboxNote(agent.runtime),
    invite,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function addressOf(api: ApiServer): string {
  return joinAddress(api.addresses) ?? api.url;
}

function manage(
  parts: readonly Service[],
  background: readonly Service[],
  deps: ComposeFogDeps,
): ServiceManager {
  return createServiceManager([...parts, ...background], deps, {
    essential: ESSENTIAL,
    background: background.map(({ name }) => name),
  });
}

function mixnetOf(
  { mixnet, dataDir, port }: ComposeFogOptions,
  fogId: string,
  deps: EmbeddedMixnetDeps,
): EmbeddedMixnet | undefined {
  if (mixnet === undefined) return undefined;
  return createEmbeddedMixnet({ ...mixnet, dataDir, fogId, anyPorts: port === 0 }, deps);
}

function agentOptions(
  { dataDir, runtimesDir, worker }: ComposeFogOptions,
  url: string,
  joinCode: string,
): ComposeAgentOptions {
  return {
    url,
    agentsDir: path.join(dataDir, 'agents'),
    knownFogsFile: knownFogsFile(dataDir),
    runtimesDir,
    ...(worker ?? { slots: 1, sandbox: 'auto' }),
    joinCode,
  };
}

function sandboxNote(runtime: Runtime | undefined): string | undefined {
  if (runtime === undefined || runtime.level === 'os') return undefined;
  return `sandbox level "${runtime.level}": ${runtime.levelReason ?? 'see fog doctor'}`;
}
