/** The mixnet of `fog up` as services. Light: what it runs is loaded when the first of them starts. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock, Logger, Service } from '@fog/kernel';
import type { Metrics, MixnetApi } from '@fog/server';
import { labelMetrics } from './label-metrics.ts';
import { createLazyService, neverWorseThanDegraded } from './lazy-service.ts';
import { AUTHORITIES, RELAYS } from './limits.ts';
import type { MixHouse } from './mix-house.ts';
import { createMixnetApi } from './mixnet-api.ts';
import type { RelayBook } from './relay-reputation.ts';
import { createRoleProcess, type RoleProcessService } from './role-process.ts';

export interface EmbeddedMixnetOptions {
  readonly dataDir: string;
  readonly fogId: string;
  readonly anyPorts: boolean;
  /** Each authority and relay in a process of its own. */
  readonly processes: boolean;
  /** The mixnet of others, by its network file: then this fog is a member and hosts no part of it. */
  readonly networkFile?: string | undefined;
  readonly env: NodeJS.ProcessEnv;
}

export interface EmbeddedMixnetDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly relayBook: RelayBook;
}

export interface EmbeddedMixnet {
  readonly services: readonly Service[];
  readonly api: MixnetApi;
}

const FOG = fileURLToPath(new URL('../../bin/fog.js', import.meta.url));

export function createEmbeddedMixnet(
  options: EmbeddedMixnetOptions,
  deps: EmbeddedMixnetDeps,
): EmbeddedMixnet {
  let opened: MixHouse | undefined;
  let opening: Promise<MixHouse> | undefined;
  const house = (): Promise<MixHouse> => {
    opening ??= import('./mix-house.ts')
      .then(async ({ openMixHouse }) => {
        opened = await openMixHouse(options, deps);
        opened.onDirectory((directory) => {
          directory.onConsensus(() => directory.opened !== undefined && api.tell(directory.opened));
        });
        return opened;
      })
      .catch((error: unknown) => {
        opening = undefined;
        throw error;
      });
    return opening;
  };
  const isMember = options.networkFile !== undefined;
  const processes = options.processes ? roleProcesses(house, options, deps) : [];
  const api = createMixnetApi(() => opened, {
    clock: deps.clock,
    reported: () => processes.flatMap((each) => each.relay() ?? []),
  });
  const roles = options.processes ? processes : [poolOf(house), ...rolesHere(house)];
  return { services: [...(isMember ? [] : roles), ...sharedServices(house)], api };
}

type OpenHouse = () => Promise<MixHouse>;

function sharedServices(house: OpenHouse): Service[] {
  return [
    createLazyService({
      name: 'mix-directory',
      make: async () => (await house()).directory(),
      judge: neverWorseThanDegraded,
    }),
    createLazyService({
      name: 'mix-client',
      requires: ['mix-directory'],
      make: async () => (await house()).client(),
      judge: neverWorseThanDegraded,
    }),
    createLazyService({
      name: 'mix-reputation',
      requires: ['mix-directory'],
      make: async () => (await house()).reputation(),
    }),
    createLazyService({
      name: 'mix-audit',
      requires: ['mix-client', 'mix-reputation'],
      make: async () => (await house()).audit(),
    }),
  ];
}

function poolOf(house: OpenHouse): Service {
  return createLazyService({ name: 'peel-pool', make: async () => (await house()).pool() });
}

function rolesHere(house: OpenHouse): Service[] {
  return [
    ...numbers(AUTHORITIES).map((index) =>
      createLazyService({
        name: `authority-${index + 1}`,
        make: async () => (await house()).authority(index),
      }),
    ),
    ...numbers(RELAYS).map((index) =>
      createLazyService({
        name: `relay-${index + 1}`,
        requires: ['peel-pool', 'mix-directory'],
        make: async () => (await house()).relay(index),
      }),
    ),
  ];
}

function roleProcesses(
  house: OpenHouse,
  { env }: EmbeddedMixnetOptions,
  deps: EmbeddedMixnetDeps,
): RoleProcessService[] {
  const child = (name: string, role: (house: MixHouse) => Promise<RoleFile>): RoleProcessService =>
    createRoleProcess(
      {
        name,
        env: { ...env, FOG_LAUNCHED: '1' },
        command: async () => {
          const { role: kind, file } = await role(await house());
          return [process.execPath, FOG, 'up', '--role', kind, '--config', file, '--json'];
        },
      },
      {
        ...deps,
        metrics: async () => labelMetrics(await deps.metrics.sink(), { service: name }),
      },
    );
  return [
    ...numbers(AUTHORITIES).map((index) =>
      child(`authority-${index + 1}`, (open) => open.authorityFile(index)),
    ),
    ...numbers(RELAYS).map((index) => child(`relay-${index + 1}`, (open) => open.relayFile(index))),
  ];
}

export interface RoleFile {
  readonly role: 'authority' | 'gateway' | 'relay';
  readonly file: string;
}

export function roleFile(dir: string, name: string): string {
  return path.join(dir, `${name}.json`);
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
