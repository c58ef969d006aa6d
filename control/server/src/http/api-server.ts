import type { AddressInfo } from 'node:net';
import type { Identity } from '@fog/crypto';
import type { Health, Service } from '@fog/kernel';
import http from '@fog/kernel/http';
import { fail } from '../errors.ts';
import { createMetrics, type Metrics } from '../metrics/metrics.ts';
import type { MixnetApi } from '../mixnet/mixnet-api.ts';
import { createAgentSessions } from '../sockets/agent-sessions.ts';
import type { AgentSocketCounters } from '../sockets/agent-ports.ts';
import { createAgentSocket } from '../sockets/agent-socket.ts';
import { createEventsSocket } from '../sockets/events-socket.ts';
import { type SocketRoutes, routeUpgrades } from '../sockets/upgrade.ts';
import { createHostList } from './access.ts';
import { type App, buildApp } from './build-app.ts';
import { CLOSE_GRACE_MS, MAX_CONNECTIONS } from './limits.ts';
import type { RouteDeps } from './ports.ts';
import type { RouteEntry } from './route-table.ts';

export interface ApiServerOptions {
  /** Loopback only: other addresses would need TLS. */
  readonly host: '127.0.0.1';
  /** 0 takes a free one. */
  readonly port: number;
  /** Names of services that must run before this one, as the composition root calls them. */
  readonly requires?: readonly string[];
  readonly heartbeatMs?: number;
  readonly leasedHeartbeatMs?: number;
}

export interface ApiServerDeps extends Omit<RouteDeps, 'stopping' | 'mixnet' | 'metrics'> {
  readonly mixnet?: MixnetApi;
  readonly metrics?: Metrics;
  /** The key of the fog: agents check that they talk to it. */
  readonly identity: Identity;
}

export interface ApiServer extends Service {
  /** `http://127.0.0.1:<port>`; throws before `start`. */
  readonly url: string;
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
  const sessions = createAgentSessions();
  const hosts = createHostList(() => (app.server.address() as AddressInfo).port);
  const { app, routes } = await buildApp({
    ...deps,
    mixnet: deps.mixnet,
    metrics: deps.metrics ?? createMetrics(),
    sessions,
    hosts,
    stopping: stopping.signal,
  });
  app.server.maxConnections = MAX_CONNECTIONS;
  const heartbeats = {
    heartbeatMs: options.heartbeatMs ?? 15_000,
    leasedHeartbeatMs: options.leasedHeartbeatMs ?? 10_000,
  };
  const sockets = routeUpgrades(
    app.server,
    { ...deps, hosts },
    {
      '/api/v1/agent': createAgentSocket(heartbeats, { ...deps, sessions, counters }),
      '/api/v1/events': createEventsSocket(deps),
    },
  );
  try {
    await app.listen({ host: options.host, port: options.port });
  } catch (error) {
    sockets.close();
    await app.close();
    throw listenError(options, error as NodeJS.ErrnoException);
  }
  // Its sessions and subscriptions end with the coordinator; peers connect anew to the next.
  const stopWatching = deps.services().onChange(({ name, state }) => {
    if (name === deps.coordinator.name && state !== 'running') sockets.disconnect();
  });
  const { port } = app.server.address() as AddressInfo;
  return { app, routes, sockets, stopping, stopWatching, port };
}

function listenError(options: ApiServerOptions, error: NodeJS.ErrnoException): Error {
  const { port, host } = options;
  const details = { host, port };
  if (error.code !== 'EADDRINUSE') {
    return fail('SERVER_LISTEN', {
      message: `The API cannot listen on ${host}:${port} (${error.code}). Choose another port with --port.`,
      details,
      cause: error,
    });
  }
  return fail('SERVER_PORT_TAKEN', {
    message: `Port ${port} is in use by another program. Stop that, or choose another port with --port (0 takes a free one).`,
    details,
    cause: error,
  });
}

/** Waiting calls answer, sockets close, other answers get a moment, then every connection is cut. */
async function close(running: Running, deps: ApiServerDeps): Promise<void> {
  running.stopping.abort();
  running.stopWatching();
  running.sockets.close();
  const closed = running.app.close();
  const cancel = deps.clock.after(CLOSE_GRACE_MS, () => {
    running.sockets.terminate();
    running.app.server.closeAllConnections();
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
