/** The mixnet of `fog up` with real processes: ready within seconds, and alive while its parts die. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import type { FogClient } from '@fog/server/client';
import { type ProcessRef, waitFor } from '@fog/testkit';
import { type FogWorld, fogWorld, type RunningFog } from '@fog/testkit/fog';
import type { MixStatus } from '@fog/wire';
import { freePorts } from '../../apps/fog/src/mix/free-ports.ts';

/** Only against hanging: on an idle machine a first or restarted fog has its consensus within 10 s. */
const CONSENSUS_MS = 60_000;
/** For children to start again and be taken up by the authorities, on a busy machine. */
const REJOIN_MS = 60_000;
const UP = ['--no-worker', '--port', '0'];
const PROCESSES = [...UP, '--processes'];

/** Resolves when the fog has a consensus of nine relays and its own mailbox. */
function mixReady(client: FogClient, deadlineMs: number): Promise<MixStatus> {
  return waitFor(
    'a consensus and a gateway',
    async () => {
      const status = await client.mixStatus().catch(() => undefined);
      if (status?.relays.length !== 9 || status.address === undefined) return undefined;
      return status;
    },
    { deadlineMs },
  );
}

/** A loop may go through what was killed just now: the next one avoids it. */
async function pingUntilHome(client: FogClient): Promise<void> {
  await waitFor(
    'a loop to come home',
    () =>
      client.mixPing({ hops: 3 }).then(
        () => true,
        () => false,
      ),
    { deadlineMs: REJOIN_MS },
  );
}

function processOf(fog: RunningFog, name: string): ProcessRef {
  const config = `/mixnet/${name}.json`;
  const found = fog.child.family().find(({ command }) => command.includes(config));
  assert.ok(found, `no process of ${name}\n${fog.child.describe()}`);
  return found;
}

async function healthOf(client: FogClient, name: string): Promise<string | undefined> {
  return (await client.services()).find((service) => service.name === name)?.health;
}

/** An authority is degraded while the last consensus serves on: it is there all the same. */
function isUp(health: string | undefined): boolean {
  return health === 'healthy' || health === 'degraded';
}

/** kill -9, loops go on meanwhile, and the role is back as a new process. */
async function killAndReturn(fog: RunningFog, names: readonly string[]): Promise<void> {
  const killed = names.map((name) => processOf(fog, name));
  for (const { pid } of killed) process.kill(pid, 'SIGKILL');
  await pingUntilHome(fog.client);
  for (const [index, name] of names.entries()) {
    await waitFor(
      `${name} to be back`,
      async () => {
        const now = fog.child.family().find(({ command }) => command.includes(`/${name}.json`));
        const isNew = now !== undefined && now.pid !== killed[index]?.pid;
        return isNew && isUp(await healthOf(fog.client, name));
      },
      { deadlineMs: REJOIN_MS },
    );
  }
  await pingUntilHome(fog.client);
}

async function fogLine(world: FogWorld, fog: RunningFog, args: string[]): Promise<string> {
  const child = world.fog([...args, '--data-dir', fog.dataDir]);
  const { code, stdout } = await child.ended();
  assert.equal(code, 0, child.describe());
  return stdout;
}

/** Ctrl-C ends it at once, and the fog is free for the next. */
async function interruptBench(world: FogWorld, fog: RunningFog): Promise<void> {
  const long = world.fog(['mix', 'bench', '--seconds', '60', '--data-dir', fog.dataDir]);
  await long.output(/Ctrl-C ends it/);
  const started = async (): Promise<boolean> =>
    /purpose="bench".* 1[1-9]$/m.test(await metricsOf(fog));
  await waitFor('its first loops', started);
  assert.equal((await long.stop()).code, 143, long.describe());
  await waitFor('the fog to take another', () =>
    fog.client.mixBench({ seconds: 1, rate: 1 }).then(
      () => true,
      () => false,
    ),
  );
}

async function metricsOf(fog: RunningFog): Promise<string> {
  const token = (await readFile(`${fog.dataDir}/operator.token`, 'utf8')).trim();
  const headers = { authorization: `Bearer ${token}` };
  return (await fetch(new URL('/metrics', fog.url), { headers })).text();
}

/** The guide names them: what is in it is in the product. */
async function emitsAllMetrics(fog: RunningFog): Promise<void> {
  const guide = await readFile(new URL('../../docs/guides/mixnet.md', import.meta.url), 'utf8');
  const names = [...guide.matchAll(/^\| `(fog_mixnet_[a-z_]+)`/gm)].map(([, name]) => name ?? '');
  assert.ok(names.length > 20, `${names.length} metrics in the guide`);
  await waitFor('each metric of the guide', async () => {
    const text = await metricsOf(fog);
    return names.every((name) => new RegExp(`^${name}(_count)?\\{.*service="`, 'm').test(text));
  });
  const text = await metricsOf(fog);
  assert.match(text, /^fog_mixnet_links\{peer="relay",service="relay-9"\} [1-9]/m);
  assert.match(text, /_dropped_total\{reason="replay",service="relay-1"\} 0$/m);
}

/** A stopped process is silent: its figures are marked, and no longer once it goes on. */
async function marksSilence(fog: RunningFog): Promise<void> {
  const own = async (): Promise<MixStatus['own'][number] | undefined> =>
    (await fog.client.mixStatus()).own.find(({ name }) => name === 'relay-9');
  await waitFor('a report with packets', async () => ((await own())?.received ?? 0) > 0);
  assert.match(await metricsOf(fog), /_received_total\{service="relay-9"\} [1-9]/);
  const { pid } = processOf(fog, 'relay-9');
  process.kill(pid, 'SIGSTOP');
  try {
    await waitFor('silence to be marked', async () => (await own())?.staleMs !== undefined);
    await waitFor('silence to be told', async () => {
      const age = /report_age_seconds\{service="relay-9"\} ([0-9.]+)/.exec(await metricsOf(fog));
      return Number(age?.[1]) > 5;
    });
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await waitFor('a report', async () => {
    const now = await own();
    return now !== undefined && now.staleMs === undefined;
  });
}

describe('the mixnet of one process', () => {
  it('is ready in seconds and answers every command', async () => {
    await using world = await fogWorld();
    const fog = await world.up(UP);
    await mixReady(fog.client, CONSENSUS_MS);
    assert.match(await fogLine(world, fog, ['mix', 'status']), /note +one operator: no anonymity/);
    // On a machine that is busy with other tests a loop may be late: one of some comes home.
    const pings = await fogLine(world, fog, ['mix', 'ping', '--hops', '7', '--count', '5']);
    assert.match(pings, / ms over 7 hops\n/);
    const verified = await fogLine(world, fog, ['mix', 'lottery', '--verify', '--json']);
    assert.equal(JSON.parse(verified).verified, true);
    assert.equal(JSON.parse(verified).keysFrom, 'file');
    const path = await fogLine(world, fog, ['mix', 'path', '--level', 'secret', '--json']);
    assert.equal(JSON.parse(path).hops.length, 5);
    await fogLine(world, fog, ['mix', 'ping', '--class', '1', '--count', '3']);
    const bench = ['mix', 'bench', '--seconds', '1', '--rate', '10', '--json'];
    const { sent, unsent, delivered, lost } = JSON.parse(await fogLine(world, fog, bench));
    assert.deepEqual([sent + unsent, sent], [10, delivered + lost]);
    await interruptBench(world, fog);
    await emitsAllMetrics(fog);
    assert.match(
      await fogLine(world, fog, ['mix', 'audit']),
      /loops? waits? for a relay|no loop was sent yet/,
    );
    await waitFor('all parts to be healthy', async () => {
      const services = await fog.client.services();
      return services.every(({ health }) => health === 'healthy');
    });
    assert.match(await fogLine(world, fog, ['status']), /relays +running +9 of 9 healthy/);
    const wrong = world.fog(['mix', 'ping', '--hops', '8', '--data-dir', fog.dataDir]);
    assert.equal((await wrong.ended()).code, 2);

    await fog.child.kill();
    await fog.child.gone();
    const again = await world.up(UP);
    await mixReady(again.client, CONSENSUS_MS);
    await pingUntilHome(again.client);
    assert.equal((await again.child.stop()).code, 0, again.child.describe());
    await again.child.gone();
  });

  it('is left out on demand', async () => {
    await using world = await fogWorld();
    const fog = await world.up([...UP, '--no-mixnet']);
    const child = world.fog(['mix', 'status', '--data-dir', fog.dataDir]);
    const { code, stderr } = await child.ended();
    assert.equal(code, 125);
    assert.match(stderr, /runs no mixnet/);
    assert.equal((await fog.client.services()).length, 3);
    await fog.child.stop();
  });
});

describe('a role alone', () => {
  it('runs from its file, and the mixnet of a fog does not let it in', async () => {
    await using world = await fogWorld();
    const fog = await world.up(UP);
    await mixReady(fog.client, CONSENSUS_MS);
    const [port = 0] = await freePorts(undefined, 1);
    const network = `${fog.dataDir}/mixnet/network.json`;
    const listen = `{ host: 127.0.0.1, port: ${port} }`;
    const file = world.dir.file('relay.yaml');
    await writeFile(
      file,
      `dataDir: relay\nnetwork: ${network}\nlisten: ${listen}\npeelThreads: 1\n`,
    );
    const relay = world.fog(['up', '--role', 'relay', '--config', file, '--verbose']);
    await relay.output(new RegExp(`relay is up at 127.0.0.1:${port}`));
    await relay.output(/does not admit the relay/);
    assert.equal((await fog.client.mixStatus()).relays.length, 9);
    const second = world.fog(['up', '--role', 'relay', '--config', file]);
    assert.equal((await second.ended()).code, 125);
    assert.equal((await relay.stop()).code, 0, relay.describe());
    await relay.gone();
    await fog.child.stop();
  });
});

describe('the mixnet of many processes', () => {
  it('outlives its parts, and its processes end with the fog', async () => {
    await using world = await fogWorld();
    const fog = await world.up(PROCESSES);
    await mixReady(fog.client, REJOIN_MS);
    await pingUntilHome(fog.client);
    await marksSilence(fog);
    await killAndReturn(fog, ['authority-1']);
    await killAndReturn(fog, ['relay-5']);
    await killAndReturn(fog, ['relay-1', 'relay-6']);

    fog.child.family();
    await fog.child.kill();
    await fog.child.gone();
    const again = await world.up(PROCESSES);
    await mixReady(again.client, CONSENSUS_MS);
    await pingUntilHome(again.client);
    again.child.family();
    assert.equal((await again.child.stop()).code, 0, again.child.describe());
    await again.child.gone();
  });
});
