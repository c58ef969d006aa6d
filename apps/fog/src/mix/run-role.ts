/** One role of a mixnet as the whole of a process: `fog up --role`. */
import path from 'node:path';
import type { Health, Service } from '@fog/kernel';
import type { ConsensusClient, Relay } from '@fog/mixnet';
import { createServiceManager, type ServiceManager } from '@fog/server';
import { lockDirectory } from '@fog/store/lock';
import { ensurePrivateDir } from '../process/data-dir.ts';
import { type Host, say } from '../process/host.ts';
import { openLog } from '../process/log-file.ts';
import { createLazyService, neverWorseThanDegraded } from './lazy-service.ts';
import {
  makeAuthority,
  makeDirectory,
  makePool,
  makeRelay,
  type MixDeps,
  NO_METRICS,
  poolService,
} from './mix-parts.ts';
import { createMetricRecorder } from './metric-recorder.ts';
import type { MixRole } from './mix-roles.ts';
import { readNetworkFile } from './network-file.ts';
import { ownRelay } from './own-relay.ts';
import { readRoleConfig, type RoleConfig } from './role-config.ts';
import { startRoleReports } from './role-report.ts';

export interface RunRoleOptions {
  readonly host: Host;
  readonly json: boolean;
  readonly verbose: boolean;
}

/** Runs until it is interrupted. Throws FOG_MIX_CONFIG, FOG_MIX_FILE, STORE_LOCKED and what the role throws. */
export async function runRole(
  role: MixRole,
  file: string,
  { host, json, verbose }: RunRoleOptions,
): Promise<number> {
  const config = await readRoleConfig(role, file);
  const { dataDir, listen } = config;
  await ensurePrivateDir(dataDir);
  using _lock = lockDirectory(dataDir);
  const log = openLog({ dataDir, verbose });
  try {
    const { clock, tellParent } = host;
    const deps = { clock, logger: log.logger };
    const recorder = tellParent === undefined ? undefined : createMetricRecorder();
    const parts: RoleParts = {};
    const services = await servicesOf(config, { ...deps, metrics: recorder ?? NO_METRICS }, parts);
    const essential = services.map(({ name }) => name);
    const manager = createServiceManager(services, deps, { essential });
    const { asked } = host.interrupts;
    await manager.start(asked);
    const stopReports =
      tellParent === undefined || recorder === undefined
        ? undefined
        : startRoleReports({
            clock,
            tell: tellParent,
            health: () => worstHealth(manager),
            relay: () => parts.relay && ownRelay(parts.relay),
            takeMetrics: () => recorder.take(),
          });
    try {
      await tellReady(role, listen, { host, json });
      await interrupted(asked);
    } finally {
      stopReports?.();
      await manager.stop();
    }
    return 0;
  } finally {
    log.flush();
  }
}

/** What reports are made from, once it runs. */
interface RoleParts {
  relay?: Relay;
}

/** Of all parts of the role: the process is as well as the worst of them. */
function worstHealth(manager: Pick<ServiceManager, 'statuses'>): Health {
  const ranks = ['healthy', 'unknown', 'degraded', 'unhealthy'] as const;
  const rank = ({ health }: { health: Health['state'] }): number => ranks.indexOf(health);
  const [worst] = manager.statuses().toSorted((a, b) => rank(b) - rank(a));
  if (worst === undefined) return { state: 'unknown' };
  const { health, detail } = worst;
  return detail === undefined ? { state: health } : { state: health, detail };
}

async function servicesOf(config: RoleConfig, deps: MixDeps, parts: RoleParts): Promise<Service[]> {
  const network = await readNetworkFile(config.network);
  if (config.role === 'authority') {
    return [
      createLazyService({
        name: 'authority',
        make: () => makeAuthority(config, network, deps),
      }),
    ];
  }
  const pool = makePool(config, deps);
  const directory = await makeDirectory(network, path.join(config.dataDir, 'directory'), deps);
  const place = { network, directory, pool, gateway: config.role === 'gateway' };
  return [
    poolService(pool),
    directoryService(directory),
    createLazyService({
      name: config.role,
      requires: ['peel-pool', 'mix-directory'],
      make: async () => {
        const { relay, service } = await makeRelay(config, place, deps);
        parts.relay = relay;
        return service;
      },
      judge: neverWorseThanDegraded,
    }),
  ];
}

function directoryService(directory: ConsensusClient): Service {
  return createLazyService({
    name: 'mix-directory',
    make: async () => directory,
    judge: neverWorseThanDegraded,
  });
}

async function tellReady(
  role: MixRole,
  listen: RoleConfig['listen'],
  { host, json }: Pick<RunRoleOptions, 'host' | 'json'>,
): Promise<void> {
  if (json) {
    await host.stdout.write(`${JSON.stringify({ role, ...listen, pid: process.pid })}\n`);
    return;
  }
  await host.stdout.write(`${role} is up at ${listen.host}:${listen.port}\n`);
  await say(host, 'Ctrl-C stops it');
}

function interrupted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
