/** One role of a mixnet as the whole of a process: `fog up --role`. */
import path from 'node:path';
import type { Logger, Service } from '@fog/kernel';
import type { ConsensusClient } from '@fog/mixnet';
import { createServiceManager } from '@fog/server';
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
import type { MixRole } from './mix-roles.ts';
import { readNetworkFile } from './network-file.ts';
import { readRoleConfig, type RoleConfig } from './role-config.ts';

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
    const services = await servicesOf(config, host, log.logger);
    const deps = { clock: host.clock, logger: log.logger };
    const essential = services.map(({ name }) => name);
    const manager = createServiceManager(services, deps, { essential });
    const { asked } = host.interrupts;
    await manager.start(asked);
    try {
      await tellReady(role, listen, { host, json });
      await interrupted(asked);
    } finally {
      await manager.stop();
    }
    return 0;
  } finally {
    log.flush();
  }
}

async function servicesOf(config: RoleConfig, host: Host, logger: Logger): Promise<Service[]> {
  const network = await readNetworkFile(config.network);
  const deps: MixDeps = { clock: host.clock, logger, metrics: NO_METRICS };
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
      make: async () => (await makeRelay(config, place, deps)).service,
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
