/** A real fog without agents: store, blobs, coordinator and API on a free port. */
import http from 'node:http';
import { type CoordinatorApi, createCoordinator } from '@fog/coordinator';
import { type Identity, identityFromSeed } from '@fog/crypto';
import {
  type Clock,
  type Logger,
  type LogFields,
  type Service,
  silentLogger,
  systemClock,
} from '@fog/kernel';
import { type Live, openLive } from '@fog/live';
import {
  type ApiServer,
  createApiServer,
  createCredentials,
  createEnrolment,
  createRoster,
  createServiceManager,
  type Credentials,
  type Enrolment,
  type ListenOptions,
  type MixnetApi,
  type Roster,
  type ServiceManager,
} from '@fog/server';
import { createClient, type FogClient } from '@fog/server/client';
import { type Blobs, openBlobs, openStore, type Store } from '@fog/store';
import { tempDir, type TempDir } from '@fog/testkit';

export interface FogFixture extends AsyncDisposable {
  readonly dir: TempDir;
  readonly store: Store;
  readonly identity: Identity;
  readonly coordinator: CoordinatorApi;
  readonly credentials: Credentials;
  readonly enrolment: Enrolment;
  readonly live: Live;
  readonly roster: Roster;
  readonly manager: ServiceManager;
  readonly api: ApiServer;
  /** Of the account `operator`. */
  readonly token: string;
  readonly client: FogClient;
  /** A further account with its own client. */
  readonly other: { readonly token: string; readonly client: FogClient };
  readonly logged: { readonly message: string; readonly fields: LogFields | undefined }[];
}

export interface FixtureChanges {
  readonly clock?: Clock;
  readonly coordinator?: (real: CoordinatorApi) => CoordinatorApi;
  readonly blobs?: (real: Blobs) => Blobs;
  readonly mixnet?: MixnetApi;
  readonly listen?: ListenOptions;
  readonly live?: (real: Live) => Live;
}

export async function startFog(changes: FixtureChanges = {}): Promise<FogFixture> {
  await using stack = new AsyncDisposableStack();
  const clock = changes.clock ?? systemClock;
  const dir = stack.use(await tempDir());
  const store = await openStore({ dir: dir.path });
  stack.defer(() => store.close());
  const disk = await openBlobs({ dir: dir.file('blobs') });
  const blobs = changes.blobs?.(disk) ?? disk;
  const identity = identityFromSeed(new Uint8Array(32).fill(7));
  const logged: FogFixture['logged'] = [];
  const logger: Logger = {
    ...silentLogger,
    error: (message, fields) => void logged.push({ message, fields }),
  };
  const real = createCoordinator({}, { store, clock, logger, fogId: identity.id });
  const coordinator = changes.coordinator?.(real) ?? real;
  const credentials = createCredentials(store, clock);
  const enrolment = createEnrolment(store, clock);
  const memory = await openLive({ namespace: identity.id }, { clock, logger });
  const live = changes.live?.(memory) ?? memory;
  const roster = createRoster({ id: identity.id, coordinator, live, clock });
  const parts = {
    live,
    roster,
    coordinator,
    blobs,
    credentials,
    enrolment,
    identity,
    clock,
    logger,
  };
  const api = createApiServer(
    { host: '127.0.0.1', port: 0, ...(changes.listen && { listen: changes.listen }) },
    {
      ...parts,
      services: () => manager,
      ...(changes.mixnet === undefined ? {} : { mixnet: changes.mixnet }),
    },
  );
  const services = [idle('store'), { ...idle('extra'), restartable: true }, coordinator, api];
  const manager: ServiceManager = createServiceManager(services, { clock, logger });
  await manager.start(new AbortController().signal);
  stack.defer(() => manager.stop());
  const { token = '' } = await credentials.ensureOperator();
  const otherToken = await addAccount(store, credentials, 'other');
  const owned = stack.move();
  return {
    dir,
    store,
    identity,
    coordinator,
    credentials,
    enrolment,
    live,
    roster,
    manager,
    api,
    token,
    client: createClient({ url: api.url, token }),
    other: { token: otherToken, client: createClient({ url: api.url, token: otherToken }) },
    logged,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function idle(name: string): Service {
  return {
    name,
    start: async () => {},
    stop: async () => {},
    health: async () => ({ state: 'healthy' }),
  };
}

/** `real` with some of its methods replaced. */
export function override<T extends object>(real: T, changes: Partial<T>): T {
  return new Proxy(real, {
    get: (target, key) => {
      if (Object.hasOwn(changes, key)) return Reflect.get(changes, key);
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

async function addAccount(store: Store, credentials: Credentials, id: string): Promise<string> {
  await store.write(async (trx) => {
    await trx.insertInto('account').values({ id, name: id, role: 'user', created_at: 0 }).execute();
  });
  return credentials.issueToken(id, 'test');
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

export interface RawRequest {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** One request as it is written, on its own connection. */
export function rawCall(url: string, path: string, request: RawRequest = {}): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const { method = 'GET', headers = {} } = request;
    const call = http.request({ host: hostname, port, path, method, headers, agent: false });
    call.on('error', reject);
    call.on('response', (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('error', reject);
      answer.on('end', () => {
        const body = Buffer.concat(parts).toString('utf8');
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body });
      });
    });
    call.end(request.body);
  });
}

export function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}
