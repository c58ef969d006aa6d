/** What the services of an embedded mixnet share: its plan, and the parts that run now. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Service } from '@fog/kernel';
import type {
  ConsensusClient,
  DelayAudit,
  DelayAuditDeps,
  MeasuringClient,
  MixNetwork,
  PeelPool,
  Relay,
} from '@fog/mixnet';
import { fail } from '../errors.ts';
import type { EmbeddedMixnetDeps, EmbeddedMixnetOptions, RoleFile } from './embedded-mixnet.ts';
import { roleFile } from './embedded-mixnet.ts';
import {
  makeAudit,
  makeAuthority,
  makeClient,
  makeDirectory,
  makePool,
  makeRelay,
  type MixDeps,
  poolService,
} from './mix-parts.ts';
import { labelMetrics } from './label-metrics.ts';
import { isGateway, type MixPlan, openMemberPlan, openPlan, standingFile } from './mix-plan.ts';
import {
  createRelayReputation,
  type RelayBook,
  type RelayReputationService,
} from './relay-reputation.ts';
import type { AuthorityConfig, RelayConfig } from './role-config.ts';

export interface MixHouse {
  readonly network: MixNetwork;
  /** What runs now. */
  readonly running: RunningParts;
  /** Called with each consensus client that starts. */
  onDirectory(listener: (directory: ConsensusClient) => void): void;
  authority(index: number): Promise<Service>;
  relay(index: number): Promise<Service>;
  pool(): Promise<Service>;
  directory(): Promise<Service>;
  client(): Promise<Service>;
  reputation(): Promise<Service>;
  audit(): Promise<Service>;
  /** Writes the configuration of a role for its own process. */
  authorityFile(index: number): Promise<RoleFile>;
  relayFile(index: number): Promise<RoleFile>;
}

export interface RunningParts {
  directory?: ConsensusClient;
  client?: MeasuringClient;
  audit?: DelayAudit;
  reputation?: RelayReputationService;
  pool?: PeelPool;
  readonly relays: Map<string, Relay>;
}

export async function openMixHouse(
  options: EmbeddedMixnetOptions,
  deps: EmbeddedMixnetDeps,
): Promise<MixHouse> {
  const { dataDir, networkFile } = options;
  const plan = await (networkFile === undefined
    ? openPlan(options)
    : openMemberPlan(dataDir, networkFile));
  const mixDeps: MixDeps = { ...deps, metrics: await deps.metrics.sink() };
  return new House(plan, mixDeps, deps.relayBook);
}

class House implements MixHouse {
  readonly running: RunningParts = { relays: new Map() };
  readonly #plan: MixPlan;
  readonly #deps: MixDeps;
  readonly #relayBook: RelayBook;
  readonly #listeners: ((directory: ConsensusClient) => void)[] = [];

  constructor(plan: MixPlan, deps: MixDeps, relayBook: RelayBook) {
    this.#plan = plan;
    this.#deps = deps;
    this.#relayBook = relayBook;
  }

  get network(): MixNetwork {
    return this.#plan.network;
  }

  onDirectory(listener: (directory: ConsensusClient) => void): void {
    this.#listeners.push(listener);
    if (this.running.directory !== undefined) listener(this.running.directory);
  }

  authority(index: number): Promise<Service> {
    const config = this.#plan.authorities[index] as AuthorityConfig;
    return makeAuthority(config, this.network, this.#depsOf(`authority-${index + 1}`));
  }

  async relay(index: number): Promise<Service> {
    const { directory, pool } = this.running;
    if (directory === undefined || pool === undefined) throw fail('FOG_MIX_PART_DOWN');
    const place = { network: this.network, directory, pool, gateway: isGateway(index) };
    const config = this.#plan.relays[index] as RelayConfig;
    const name = `relay-${index + 1}`;
    const { relay, service } = await makeRelay(config, place, this.#depsOf(name));
    this.running.relays.set(name, relay);
    return service;
  }

  async pool(): Promise<Service> {
    this.running.pool = makePool({ profile: 'embedded' }, this.#depsOf('peel-pool'));
    return poolService(this.running.pool);
  }

  async directory(): Promise<Service> {
    const deps = this.#depsOf('mix-directory');
    const made = await makeDirectory(this.network, this.#dir('directory'), deps);
    this.running.directory = made;
    for (const listener of this.#listeners) listener(made);
    return made;
  }

  async client(): Promise<Service> {
    const { directory } = this.running;
    if (directory === undefined) throw fail('FOG_MIX_PART_DOWN');
    const client = await makeClient(this.#dir('client'), directory, this.#depsOf('mix-client'));
    this.running.client = client;
    return client;
  }

  async reputation(): Promise<Service> {
    const { directory } = this.running;
    if (directory === undefined) throw fail('FOG_MIX_PART_DOWN');
    const deps = { ...this.#depsOf('mix-reputation'), directory, book: this.#relayBook };
    this.running.reputation = createRelayReputation(standingFile(this.#plan.dir), deps);
    return this.running.reputation;
  }

  async audit(): Promise<Service> {
    const { directory, client } = this.running;
    if (directory === undefined || client === undefined) throw fail('FOG_MIX_PART_DOWN');
    const onFindings: DelayAuditDeps['onFindings'] = (findings, consensus) =>
      this.running.reputation?.note(findings, consensus);
    const parts = { client, directory, onFindings };
    this.running.audit = makeAudit(this.#dir('client'), parts, this.#deps);
    return this.running.audit;
  }

  async authorityFile(index: number): Promise<RoleFile> {
    const config = this.#plan.authorities[index] as AuthorityConfig;
    return { role: 'authority', file: await this.#write(`authority-${index + 1}`, config) };
  }

  async relayFile(index: number): Promise<RoleFile> {
    // Nine processes share the cores: each gets one thread.
    const config = { ...(this.#plan.relays[index] as RelayConfig), peelThreads: 1 };
    const role = isGateway(index) ? 'gateway' : 'relay';
    return { role, file: await this.#write(`relay-${index + 1}`, config) };
  }

  /** Metrics of each part name its service, as those of the role processes do. */
  #depsOf(service: string): MixDeps {
    return { ...this.#deps, metrics: labelMetrics(this.#deps.metrics, { service }) };
  }

  #dir(name: string): string {
    return path.join(this.#plan.dir, name);
  }

  async #write(name: string, config: AuthorityConfig | RelayConfig): Promise<string> {
    const file = roleFile(this.#plan.dir, name);
    await writeFile(file, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
    return file;
  }
}
