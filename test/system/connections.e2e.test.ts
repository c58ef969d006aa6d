/** Machines find a fog by TLS and its key, by any of its addresses, and lose no result while it is away. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import type { FogClient } from '@fog/server/client';
import { waitFor } from '@fog/testkit';
import { type FogWorld, fogWorld } from '@fog/testkit/fog';
import { SLEPT, writeSleepModule } from './sleep-module.ts';

const ALONE = ['--no-worker', '--no-mixnet'];
const SLOW_MS = 120_000;

async function ended(client: FogClient, id: string): Promise<string> {
  return waitFor(
    'the job to end',
    async () => {
      const { state } = await client.job(id, { waitMs: 5_000 });
      return ['settled', 'failed', 'cancelled', 'expired'].includes(state) && state;
    },
    { deadlineMs: SLOW_MS },
  );
}

describe('a fog that listens for other machines', () => {
  it('is joined and used by TLS with its key, at any of its addresses', async () => {
    await using world = await fogWorld();
    const fog = await world.up([...ALONE, '--port', '0', '--listen', '127.0.0.1:0']);
    const [, id = '', host = ''] =
      /^https:\/\/([a-z2-7]{26})@(127\.0\.0\.1:\d+)$/.exec(fog.url) ?? [];
    assert.equal((await fog.client.status()).fogId, id);

    // The first address is dead: the second is tried.
    const line = fog.joinLine.replace(host, `127.0.0.1:1,${host}`);
    const agent = await world.join(line, ['--slots', '1']);
    const file = world.dir.file('sleep.wasm');
    await writeSleepModule(file, 1);
    const token = JSON.parse(await readFile(path.join(fog.dataDir, 'endpoint.json'), 'utf8')).token;
    const env = { FOG_TOKEN: token as string };
    const home = ['--data-dir', world.dir.file('client')];
    const run = world.fog(['run', ...home, '--fog', `https://${id}@127.0.0.1:1,${host}`, file], {
      env,
    });
    const { code, stdout } = await run.ended(SLOW_MS);
    assert.equal(code, 0, run.describe());
    assert.equal(stdout, SLEPT);

    // The key is remembered: the address alone suffices here, and nowhere else.
    const again = await world.fog(['nodes', ...home, '--fog', `https://${host}`], { env }).ended();
    assert.equal(again.code, 0, again.stderr);
    const elsewhere = ['--data-dir', world.dir.file('stranger')];
    const refused = await world
      .fog(['nodes', ...elsewhere, '--fog', `https://${host}`], { env })
      .ended();
    assert.equal(refused.code, 126);
    assert.match(refused.stderr, /of no authority this machine trusts.*fog invite/);

    const doctor = world.fog(['doctor', '--json', '--data-dir', fog.dataDir]);
    const { checks } = JSON.parse((await doctor.ended(SLOW_MS)).stdout) as {
      readonly checks: readonly { readonly name: string; readonly detail: string }[];
    };
    const address = checks.find(({ name }) => name === 'address');
    assert.equal(address?.detail, `${fog.url} answers`);

    assert.equal((await agent.child.stop()).code, 0);
    assert.equal((await fog.child.stop()).code, 0);
  });

  it('is refused by who expects another key, and in the clear', async () => {
    await using world = await fogWorld();
    const fog = await world.up([...ALONE, '--port', '0', '--listen', '127.0.0.1:0']);
    const [, id = ''] = /^https:\/\/([a-z2-7]{26})@/.exec(fog.url) ?? [];
    const other = id.replace(/^./, (first) => (first === 'a' ? 'b' : 'a'));
    const join = (url: string) =>
      world
        .fog(['join', url, '--token', fog.joinCode, '--data-dir', world.dir.file('agent')])
        .ended();
    const wrong = await join(fog.url.replace(id, other));
    assert.equal(wrong.code, 126, wrong.stderr);
    assert.match(wrong.stderr, new RegExp(`expected the key ${other}, seen ${id}`));
    const clear = await join('http://192.0.2.1:7700');
    assert.equal(clear.code, 2, clear.stderr);
    assert.match(clear.stderr, /would be reached without TLS.*--listen/);
    assert.equal((await fog.client.status()).nodes.total, 0);
    assert.equal((await fog.child.stop()).code, 0);
  });
});

interface Spooled {
  readonly lease: { readonly index: number };
}

async function spooled(agentDir: string): Promise<Spooled[]> {
  const spool = path.join(agentDir, 'agents', '1', 'spool');
  const names = await readdir(spool, { recursive: true }).catch(() => []);
  const records = names.filter((name) => name.endsWith('.json'));
  return Promise.all(
    records.map(
      async (name) => JSON.parse(await readFile(path.join(spool, name), 'utf8')) as Spooled,
    ),
  );
}

async function startSlowJob(world: FogWorld, dataDir: string, tasks: number): Promise<string> {
  const file = world.dir.file('sleep.wasm');
  await writeSleepModule(file, 1_000);
  const args = ['run', '--data-dir', dataDir, '--detach', '--count', `${tasks}`, file];
  const { stdout, code, stderr } = await world.fog(args).ended();
  assert.equal(code, 0, stderr);
  return stdout.trim();
}

describe('results that finish while the coordinator is away', () => {
  it('are delivered after kill -9 of the coordinator and then of the agent; none is run twice', async () => {
    await using world = await fogWorld();
    const before = await world.up([...ALONE, '--port', '0']);
    const agent = await world.join(before.joinLine, ['--slots', '2'], 'agent');
    const id = await startSlowJob(world, before.dataDir, 6);
    // Given out is not begun: a lease that was not sent yet dies with the coordinator.
    await waitFor('running tasks', async () => {
      const [one, two] = [await before.client.task(id, 0), await before.client.task(id, 1)];
      return one.state === 'running' && two.state === 'running';
    });
    await before.child.kill();
    const held = await waitFor('results on disk', async () => {
      const records = await spooled(agent.dataDir);
      return records.length >= 2 && records;
    });
    await agent.child.kill();
    await agent.child.gone();

    const { port } = new URL(before.url);
    const { client, child } = await world.up([...ALONE, '--port', port]);
    const back = world.fog(['join', before.url, '--slots', '2', '--data-dir', agent.dataDir]);
    await back.output(new RegExp(`this machine is node ${agent.node}`));
    assert.equal(await ended(client, id), 'settled');
    for (const { lease } of held) {
      const { attempts } = await client.task(id, lease.index);
      assert.deepEqual(
        attempts.map(({ state }) => state),
        ['accepted'],
        `task ${lease.index}`,
      );
    }
    await waitFor('an empty spool', async () => (await spooled(agent.dataDir)).length === 0);
    for (const each of [back, child]) assert.equal((await each.stop()).code, 0, each.describe());
  });
});
