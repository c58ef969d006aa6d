import type { AddressInfo } from 'node:net';
import type { Identity } from '@fog/crypto';
import type { Health, Service } from '@fog/kernel';
import type { Live } from '@fog/live';
import http from '@fog/kernel/http';
import { formatFogAddress } from '@fog/wire';
import { createAuthenticate } from '../auth/authenticate.ts';
import { createMetrics, type Metrics } from '../metrics/metrics.ts';
import type { MixnetApi } from '../mixnet/mixnet-api.ts';
import { createAgentSessions } from '../sockets/agent-sessions.ts';
import type { AgentSocketCounters } from '../sockets/agent-ports.ts';
import { createAgentSocket } from '../sockets/agent-socket.ts';
import { createFogNews } from '../sockets/fog-news.ts';
import { createEventsSocket } from '../sockets/events-socket.ts';
import { type SocketRoutes, routeUpgrades } from '../sockets/upgrade.ts';
import { createHostList } from './access.ts';
import { createForwarder, type Forwarder } from './forward.ts';
import { type App, buildApp } from './build-app.ts';
import { CLOSE_GRACE_MS, MAX_CONNECTIONS } from './limits.ts';
import { dialled, hostNames, type HostPort, type ListenOptions } from './listen-addresses.ts';
import { listenError } from './listen-error.ts';
import type { RouteDeps } from './ports.ts';
import type { RouteEntry } from './route-table.ts';
import { listenSecurely, type SecureListeners } from './secure-listeners.ts';

export interface ApiServerOptions {
  /** Loopback only, without TLS. */
  readonly host: '127.0.0.1';
  /** 0 takes a free one. */
  readonly port: number;
  /** Further addresses, with TLS. */
  readonly listen?: ListenOptions;
  /** Names of services that must run before this one, as the composition root calls them. */
  readonly requires?: readonly string[];
  readonly heartbeatMs?: number;
  readonly leasedHeartbeatMs?: number;
}

export interface ApiServerDeps extends Omit<
  RouteDeps,
  'stopping' | 'mixnet' | 'metrics' | 'addresses'
> {
  readonly mixnet?: MixnetApi;
  /** Shared with the other coordinators. */
  readonly live: Live;
  readonly metrics?: Metrics;
  /** The key of the fog: agents check that they talk to it. */
  readonly identity: Identity;
}

export interface ApiServer extends Service {
  /** `http://127.0.0.1:<port>`; throws before `start`. */
  readonly url: string;
  /** Where other machines find it: `https://ID@host:port`; empty on a loopback-only API and before `start`. */
  readonly addresses: readonly string[];
  /** What it serves; empty before the first `start`. */
  readonly routes: readonly RouteEntry[];
  /** Counted verdicts on agents' messages. */
  readonly agentCounters: Readonly<AgentSocketCounters>;
}

interface Running {
  readonly app: App['app'];
  readonly routes: App['routes'];
  readonly stopWatching: () => void;
  readonly sockets: SocketRoutes;
  readonly stopping: AbortController;
  readonly port: number;
  readonly secure: SecureListeners | undefined;
  readonly addresses: readonly string[];
}

export function createApiServer(options: ApiServerOptions, deps: ApiServerDeps): ApiServer {
  const agentCounters: AgentSocketCounters = {
    accepted: 0,
    refused: 0,
    malformed: 0,
    silent: 0,
    slowed: 0,
  };
  let running: Running | undefined;
  return {
    name: 'api',
    requires: options.requires ?? [],
    wants: [deps.coordinator.name],
    restartable: true,
    agentCounters,
    get routes() {
      return running?.routes ?? [];
    },
    get addresses() {
      return running?.addresses ?? [];
    },
    get url() {
      if (running === undefined) throw new Error('the API has not started');
      return `http://${options.host}:${running.port}`;
    },
    start: async () => {
      running = await start(options, deps, agentCounters);
    },
    stop: async () => {
      const last = running;
      running = undefined;
      if (last !== undefined) await close(last, deps);
    },
    health: (signal) => checkLive(options.host, running?.port, signal),
  };
}

async function start(
  options: ApiServerOptions,
  deps: ApiServerDeps,
  counters: AgentSocketCounters,
): Promise<Running> {
  const stopping = new AbortController();
  let addresses: readonly string[] = [];
  const known = (): readonly string[] => deps.roster.addresses(addresses);
  const sessions = createAgentSessions();
  const hosts = createHostList();
  const authenticate = createAuthenticate(deps.credentials, deps.live);
  const forwarder = createForwarder(deps.logger);
  const news = createFogNews(deps);
  const { app, routes } = await buildApp({
    ...deps,
    mixnet: deps.mixnet,
    metrics: deps.metrics ?? createMetrics(),
    authenticate,
    sessions,
    hosts,
    forwarder,
    addresses: known,
    stopping: stopping.signal,
  });
  app.server.maxConnections = MAX_CONNECTIONS;
  const heartbeats = {
    heartbeatMs: options.heartbeatMs ?? 15_000,
    leasedHeartbeatMs: options.leasedHeartbeatMs ?? 10_000,
  };
  const agentDeps = { ...deps, sessions, counters, addresses: known };
  const sockets = routeUpgrades(
    { ...deps, hosts, forwarder },
    {
      '/api/v1/agent': createAgentSocket(heartbeats, agentDeps),
      '/api/v1/events': createEventsSocket({ ...deps, authenticate, news }),
    },
  );
  app.server.on('upgrade', sockets.upgrade);
  let secure: SecureListeners | undefined;
  try {
    await app.listen({ host: options.host, port: options.port }).catch((error: unknown) => {
      throw listenError(options, error as NodeJS.ErrnoException);
    });
    hosts.serve({ plainPort: portOf(app), secure: [] });
    secure = await listenBeyond(options.listen, deps.identity, app);
  } catch (error) {
    sockets.close();
    news.close();
    await app.close();
    throw error;
  }
  for (const server of secure?.servers ?? []) server.on('upgrade', sockets.upgrade);
  addresses = addressesOf(options.listen, deps.identity, secure?.bound ?? []);
  const names = options.listen === undefined ? [] : hostNames(options.listen, secure?.bound ?? []);
  hosts.serve({ plainPort: portOf(app), secure: names });
  const watches = watch(deps, sockets, forwarder);
  const stopWatching = (): void => {
    for (const stop of watches) stop();
    news.close();
    forwarder.close();
  };
  const port = portOf(app);
  return { app, routes, sockets, stopping, stopWatching, port, secure, addresses };
}

/** Sessions and subscriptions end with what they rest on; peers connect anew to what is next. */
function watch(
  { coordinator, live, services }: ApiServerDeps,
  sockets: SocketRoutes,
  forwarder: Forwarder,
): (() => void)[] {
  return [
    services().onChange(({ name, state }) => {
      if (name === coordinator.name && state !== 'running') sockets.disconnect();
    }),
    coordinator.onLeadership(() => {
      sockets.disconnect();
      forwarder.close();
    }),
    live.onShared(() => {
      if (coordinator.leader !== undefined) sockets.disconnect();
    }),
  ];
}

function portOf(app: App['app']): number {
  return (app.server.address() as AddressInfo).port;
}

async function listenBeyond(
  listen: ListenOptions | undefined,
  identity: Identity,
  app: App['app'],
): Promise<SecureListeners | undefined> {
  if (listen === undefined) return undefined;
  const certificate = listen.certificate ?? identity.certificate();
  return listenSecurely(listen.addresses, certificate, (request, answer) =>
    app.routing(request, answer),
  );
}

/** With a certificate of one's own the authorities vouch for it, and no key is named. */
function addressesOf(
  listen: ListenOptions | undefined,
  identity: Identity,
  bound: readonly HostPort[],
): string[] {
  if (listen === undefined) return [];
  const fogId = listen.certificate === undefined ? identity.id : undefined;
  return dialled(listen, bound).map(({ host, port }) =>
    formatFogAddress({ fogId, urls: [new URL(`https://${host}:${port}`)] }),
  );
}

/** Waiting calls answer, sockets close, other answers get a moment, then every connection is cut. */
async function close(running: Running, deps: ApiServerDeps): Promise<void> {
  running.stopping.abort();
  running.stopWatching();
  running.sockets.close();
  const closed = Promise.all([running.app.close(), running.secure?.close()]);
  const cancel = deps.clock.after(CLOSE_GRACE_MS, () => {
    running.sockets.terminate();
    running.app.server.closeAllConnections();
    running.secure?.closeAllConnections();
  });
  await closed;
  cancel();
}

/** A whole request through a new connection. */
function checkLive(host: string, port: number | undefined, signal: AbortSignal): Promise<Health> {
  if (port === undefined)
    return Promise.resolve({ state: 'unhealthy', detail: 'it does not listen' });
  return new Promise((resolve, reject) => {
    const request = http.get({ host, port, path: '/health/live', agent: false, signal });
    request.once('response', (answer) => {
      answer.resume();
      const isFine = answer.statusCode === 200;
      resolve(
        isFine
          ? { state: 'healthy' }
          : { state: 'unhealthy', detail: `it answers HTTP ${answer.statusCode}` },
      );
    });
    request.on('error', reject);
  });
}
