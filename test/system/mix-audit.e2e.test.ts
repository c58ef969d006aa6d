/**
 * The delay audit over real key epochs of seconds: authorities and honest relays are processes of `fog up
 * --role`, one relay of this process lies. What it owed is only known once its epoch is over and it revealed.
 * A coordinator keeps what is found, and the authorities vote it; one of the three knows no reputations.
 */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { type CoordinatorApi, createCoordinator } from '@fog/coordinator';
import { identityFromSeed, randomFill } from '@fog/crypto';
import { silentLogger, systemClock } from '@fog/kernel';
import {
  type AuditReport,
  authorityContact,
  authorityKeys,
  connectToGateway,
  type Consensus,
  type ConsensusClient,
  createConsensusClient,
  createDelayAudit,
  createMixClient,
  createPeelPool,
  createRelay,
  createSignDescriptor,
  type DelayAudit,
  type DelayAuditDeps,
  type Directory,
  EMBEDDED_MAX_SLOTS,
  type MixNetwork,
} from '@fog/mixnet';
import { openStore } from '@fog/store';
import { waitFor } from '@fog/testkit';
import { type FogWorld, fogWorld } from '@fog/testkit/fog';
import { freePorts } from '../../apps/fog/src/mix/free-ports.ts';
import { auditOf } from '../../apps/fog/src/mix/mixnet-api.ts';
import { writeNetworkFile } from '../../apps/fog/src/mix/network-file.ts';
import { createRelayReputation } from '../../apps/fog/src/mix/relay-reputation.ts';
import { auditText } from '../../apps/fog/src/show/mix-text.ts';

const AUTHORITIES = 3;
const HONEST = 4;
const GATEWAYS = 2;
/** Phases of a second: enough for processes that share a busy machine. */
const EPOCH_MS = 8_000;
/** Only against hanging: all is settled four epochs after it was sent. */
const DEADLINE_MS = 120_000;
const LOOPS_AT_ONCE = 20;
const HOST = '127.0.0.1';
const common = {
  clock: systemClock,
  logger: silentLogger,
  metrics: { count: () => {}, gauge: () => {}, observe: () => {} },
  random: randomFill,
};

/** Starts the processes of a network; resolves when each says that it is up. */
async function startNetwork(world: FogWorld, standing: string): Promise<MixNetwork> {
  const ports = await freePorts(undefined, AUTHORITIES + HONEST);
  const seeds = Array.from({ length: AUTHORITIES }, (_, index) =>
    new Uint8Array(32).fill(80 + index),
  );
  const network: MixNetwork = {
    name: 'audited',
    epochMs: EPOCH_MS,
    threshold: 2,
    authorities: seeds.map((seed, index) =>
      authorityContact(authorityKeys(seed), `http://${HOST}:${ports[index]}`),
    ),
  };
  const networkFile = world.dir.file('network.json');
  await writeNetworkFile(networkFile, network);
  const start = async (name: string, role: string, more: object): Promise<void> => {
    const file = world.dir.file(`${name}.json`);
    await writeFile(file, JSON.stringify({ dataDir: name, network: networkFile, ...more }));
    await world.fog(['up', '--role', role, '--config', file]).output(/ is up at /);
  };
  const listenAt = (index: number): object => ({ listen: { host: HOST, port: ports[index] } });
  await Promise.all(
    seeds.map(async (seed, index) => {
      const name = `authority-${index}`;
      await mkdir(world.dir.file(name), { mode: 0o700 });
      const key = Buffer.from(seed).toString('base64');
      await writeFile(world.dir.file(`${name}/authority.key`), `${key}\n`, { mode: 0o600 });
      const knows = index < AUTHORITIES - 1 ? { standing } : {};
      await start(name, 'authority', { embedded: true, ...knows, ...listenAt(index) });
    }),
  );
  const relay = { family: 'test', profile: 'embedded', peelThreads: 1, declaredRate: 1_000 };
  await Promise.all(
    Array.from({ length: HONEST }, (_, index) =>
      start(`relay-${index}`, index < GATEWAYS ? 'gateway' : 'relay', {
        ...relay,
        ...listenAt(AUTHORITIES + index),
      }),
    ),
  );
  return network;
}

/** Tells the relay that no class has a delay: it publishes and reveals as all do, and holds nothing. */
function withoutDelays(directory: Directory): Directory {
  return {
    current: () => {
      const current = directory.current();
      if (current === undefined) return undefined;
      const consensus = { ...current.consensus, delayMeansMicros: [] };
      return { ...current, consensus };
    },
    previous: () => directory.previous(),
    next: () => directory.next?.(),
    ready: (signal) => directory.ready(signal),
    onConsensus: (listener) => directory.onConsensus(listener),
    publish: (descriptor, signal) => directory.publish(descriptor, signal),
  };
}

interface Auditor extends AsyncDisposable {
  readonly directory: ConsensusClient;
  readonly audit: DelayAudit;
  /** Who keeps the reputations. */
  readonly coordinator: CoordinatorApi;
  /** Id of the relay that lies. */
  readonly liar: string;
}

async function startAuditor(
  world: FogWorld,
  network: MixNetwork,
  standing: string,
): Promise<Auditor> {
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const stack = new AsyncDisposableStack();
  const store = await openStore({ dir: world.dir.file('store') });
  stack.defer(() => store.close());
  const { clock, logger } = common;
  const coordinator = createCoordinator({}, { clock, logger, store, fogId: 'audited' });
  const directory = createConsensusClient(
    { network, cachePath: world.dir.file('consensus') },
    common,
  );
  const pool = createPeelPool({ workers: 1, maxSlots: EMBEDDED_MAX_SLOTS }, common);
  const identity = identityFromSeed(new Uint8Array(32).fill(9));
  const relay = createRelay(
    {
      network,
      identity,
      dataDir: world.dir.file('liar'),
      profile: 'embedded',
      listen: { host: HOST, port: 0 },
      roles: ['mix'],
      family: 'test',
      region: '',
      software: 'test',
      declaredRate: 1_000,
    },
    {
      ...common,
      pool,
      directory: withoutDelays(directory),
      signDescriptor: createSignDescriptor(identity, network.name),
    },
  );
  const client = createMixClient(
    {
      identity: identityFromSeed(new Uint8Array(32).fill(10)),
      guardFile: world.dir.file('guards.json'),
    },
    { ...common, directory, connect: connectToGateway },
  );
  const reputation = createRelayReputation(standing, { ...common, directory, book: coordinator });
  const onFindings: DelayAuditDeps['onFindings'] = (...found) => reputation.note(...found);
  const audit = createDelayAudit(
    { file: world.dir.file('audit.bin') },
    { ...common, client, directory, onFindings },
  );
  for (const service of [coordinator, directory, pool, relay, client, reputation, audit]) {
    await service.start(signal);
    stack.defer(() => service.stop());
  }
  await waitFor(
    'a consensus of all relays and a gateway',
    () => directory.current()?.relays.size === HONEST + 1 && client.address !== undefined,
    { deadlineMs: DEADLINE_MS },
  );
  return {
    directory,
    audit,
    coordinator,
    liar: relay.id,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Sends loops until all relays are judged by some of them. */
async function auditAll({ audit, liar }: Auditor): Promise<AuditReport> {
  return waitFor(
    'every relay to reveal, and the liar to be found',
    async () => {
      const send = async (): Promise<void> => audit.sendLoop().catch(() => {});
      await Promise.all(Array.from({ length: LOOPS_AT_ONCE }, send));
      const report = audit.report();
      const judged = report.hops.filter(({ loops }) => loops > 2);
      const found = report.hops.find(({ relay }) => relay === liar);
      const isDone = judged.length === HONEST + 1 && (found?.short ?? 0) > 2;
      return isDone ? report : undefined;
    },
    { deadlineMs: DEADLINE_MS },
  );
}

/** Once there is something against the liar, and the authorities have agreed that it weighs less than all others. */
function agreed({ audit, directory, coordinator, liar }: Auditor): Promise<Consensus> {
  const caller = { account: 'anybody', role: 'user' };
  return waitFor(
    'a consensus that knows the liar for what it is',
    async () => {
      await audit.sendLoop().catch(() => {});
      const trust = await coordinator.nodeTrust(caller, liar).catch(() => undefined);
      const isFound = trust?.kinds.some(({ bad }) => bad > 0) === true;
      const { consensus, relays } = directory.current() ?? {};
      const worst = relays?.get(liar);
      if (!isFound || consensus === undefined || worst === undefined) return undefined;
      const others = consensus.relays.filter(({ descriptor }) => descriptor.id !== liar);
      const isKnown = others.every(
        ({ reputationPpm, weightPpm }) =>
          reputationPpm > worst.reputationPpm && weightPpm > worst.weightPpm,
      );
      return isKnown && others.length === HONEST ? consensus : undefined;
    },
    { deadlineMs: DEADLINE_MS },
  );
}

/** That the relay has a lower weight than all others, by figures that anyone verifies, also a fog that just came. */
async function assertOutweighed(world: FogWorld, auditor: Auditor): Promise<void> {
  const { relays, authorities } = await agreed(auditor);
  const bad = relays.find(({ descriptor }) => descriptor.id === auditor.liar);
  assert.ok(authorities.filter(({ voted }) => voted).length >= 2);
  const network = world.dir.file('network.json');
  const fog = await world.up(['--no-worker', '--port', '0', '--network', network]);
  const relay = await waitFor('the consensus at a fog', async () => {
    const status = await fog.client.mixStatus().catch(() => undefined);
    return status?.relays.find(({ id }) => id === auditor.liar);
  });
  assert.equal(relay.reputationPpm, bad?.reputationPpm);
  const verify = world.fog(['mix', 'lottery', '--verify', '--json', '--data-dir', fog.dataDir]);
  const { code, stdout } = await verify.ended();
  assert.equal(code, 0, verify.describe());
  const { verified, keysFrom } = JSON.parse(stdout);
  assert.deepEqual([verified, keysFrom], [true, 'file']);
  const shown = await world.fog(['mix', 'status', '--data-dir', fog.dataDir]).ended();
  assert.match(shown.stdout, /RELAY +ROLES +ACTIVE +WEIGHT +REPUTATION/);
}

describe('the delay audit over real epochs', () => {
  it('finds the relay that holds nothing, and no honest one; it then weighs less', async () => {
    await using world = await fogWorld();
    const standing = world.dir.file('standing.json');
    const network = await startNetwork(world, standing);
    await using auditor = await startAuditor(world, network, standing);
    const { hops, open } = await auditAll(auditor);
    const text = auditText({ time: Date.now(), epochMs: EPOCH_MS, ...auditOf({ hops, open }) });
    for (const {
      relay,
      loops,
      short,
      forged,
      owedMeanMs = 0,
      tookMeanMs = 0,
      suspicions,
    } of hops) {
      assert.equal(forged, 0, text);
      if (relay === auditor.liar) {
        assert.deepEqual(suspicions, ['short'], text);
        // How many of them a busy machine hides is its own affair.
        assert.ok(short > 2 && short <= loops, text);
      } else {
        assert.deepEqual({ short, suspicions }, { short: 0, suspicions: [] }, text);
        assert.ok(tookMeanMs >= owedMeanMs && owedMeanMs > 0, text);
      }
    }
    assert.equal(hops[0]?.relay, auditor.liar);
    assert.match(text, new RegExp(`${auditor.liar} .* let \\d+ of \\d+ go early`));
    assert.match(text, /suspects: 1 in \d+ settled loops over 5 relays/);
    await assertOutweighed(world, auditor);
  });
});
