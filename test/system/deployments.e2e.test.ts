/** A service on a fog of several processes: killed workers, drained ones, an update, a killed coordinator. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FogClient } from '@fog/server/client';
import { exitModule, waitFor } from '@fog/testkit';
import { fogWorld } from '@fog/testkit/fog';
import { startPostgres } from '@fog/testkit/servers';
import type { Deployment } from '@fog/wire';
import { writeFile } from 'node:fs/promises';
import { TICK, writeTickModule } from './tick-module.ts';

const REPLICAS = 3;
const SLOTS = ['--slots', `${REPLICAS}`];
const TICK_MS = 200;
/** Several steps of an update on a busy machine. */
const DEADLINE_MS = 90_000;

interface Watch {
  readonly seen: { healthy: number; jobs: number };
}

/** Waits, and keeps the fewest healthy replicas and the most open jobs it saw on the way. */
async function reach(
  client: FogClient,
  what: string,
  ready: (deployment: Deployment) => boolean,
): Promise<Deployment & Watch> {
  const seen = { healthy: Number.POSITIVE_INFINITY, jobs: 0 };
  return waitFor(
    what,
    async () => {
      const [deployment] = await client.deployments();
      const { jobs } = await client.jobs({ open: true });
      seen.jobs = Math.max(seen.jobs, jobs.length);
      if (deployment === undefined) return undefined;
      seen.healthy = Math.min(seen.healthy, deployment.healthy);
      return ready(deployment) && { ...deployment, seen };
    },
    { deadlineMs: DEADLINE_MS },
  );
}

const isWhole = ({ state, replicas, wanted }: Deployment): boolean =>
  state === 'running' && replicas.length === wanted;
const nodesOf = ({ replicas }: Deployment): string[] => replicas.map(({ node = '' }) => node);
const jobsOf = ({ replicas }: Deployment): string[] => replicas.map(({ job }) => job);

describe('a service', () => {
  it('lives through lost and drained workers, an update, and a killed coordinator', async () => {
    await using world = await fogWorld();
    const before = await world.up(['--no-worker', '--no-mixnet', '--port', '0']);
    const { client, dataDir } = before;
    const workers = [
      await world.join(before.joinLine, SLOTS),
      await world.join(before.joinLine, SLOTS),
      await world.join(before.joinLine, SLOTS),
    ] as const;
    const file = world.dir.file('tick.wasm');
    await writeTickModule(file, TICK_MS);
    const cli = async (...words: string[]): Promise<string> => {
      const child = world.fog([
        'deployment',
        ...words.slice(0, 1),
        '--data-dir',
        dataDir,
        ...words.slice(1),
      ]);
      const { code, stdout, stderr } = await child.ended();
      assert.equal(code, 0, child.describe());
      return stdout + stderr;
    };

    const flags = ['--name', 'ticker', '--replicas', `${REPLICAS}`, '--probe', 'output=15s'];
    assert.match(await cli('create', ...flags, file, '--first'), /created ticker \(d/);
    const first = await reach(client, 'three replicas', isWhole);
    assert.equal(new Set(nodesOf(first)).size, REPLICAS, 'one on each node');
    assert.match(await cli('ticker'), /3 of 3 healthy/);
    const tail = world.fog(['deployment', 'ticker', 'logs', '--data-dir', dataDir]);
    await tail.output(new RegExp(TICK.trim()));
    await tail.stop();

    // A worker dies: no crash of the replica, and no wait.
    const [lost, drained] = workers;
    await lost.child.kill();
    await lost.child.gone();
    const moved = await reach(
      client,
      'a replica elsewhere',
      (now) => isWhole(now) && !nodesOf(now).includes(lost.node),
    );
    assert.deepEqual(jobsOf(moved).toSorted(), jobsOf(first).toSorted());
    assert.ok(moved.replicas.every(({ restarts }) => restarts === 0));

    await client.setNodeMode(drained.node, 'draining');
    const left = await reach(
      client,
      'the drained node to be left',
      (now) => isWhole(now) && !nodesOf(now).includes(drained.node),
    );
    assert.ok(left.seen.healthy >= REPLICAS - 1);
    await client.setNodeMode(drained.node, 'accepting');

    assert.match(await cli('ticker', 'update', file, '--second'), /goes to version 2/);
    const updated = await reach(client, 'the update', (now) => isWhole(now) && now.version === 2);
    assert.ok(updated.replicas.every(({ version }) => version === 2));
    assert.ok(updated.seen.healthy >= REPLICAS - 1, 'one missing at most');
    assert.ok(updated.seen.jobs <= REPLICAS, 'never one too many');
    assert.equal(new Set(nodesOf(updated)).size, 2);

    // A version that crashes stays alone, and the one before goes on.
    const bad = world.dir.file('bad.wasm');
    await writeFile(bad, exitModule(3));
    await cli('ticker', 'update', bad);
    const stuck = await reach(client, 'a paused update', ({ state, replicas }) => {
      const crashed = replicas.find(({ version }) => version === 3);
      return state === 'degraded' && (crashed?.restarts ?? 0) >= 1;
    });
    assert.match(stuck.cause ?? '', /exit code 3.*the update waits, and 2 of 3 replicas stay/);
    assert.equal(stuck.replicas.filter(({ version }) => version === 2).length, 2);
    await cli('ticker', 'update', file, '--fourth');
    await reach(client, 'the way back', (now) => isWhole(now) && now.version === 4);

    // kill -9 of the coordinator: what runs goes on, nothing is doubled.
    const kept = await reach(client, 'three again', isWhole);
    await before.child.kill();
    await before.child.gone();
    const { port } = new URL(before.url);
    const again = await world.up(['--no-worker', '--no-mixnet', '--port', port]);
    const after = await reach(again.client, 'the replicas of before', isWhole);
    assert.deepEqual(jobsOf(after), jobsOf(kept));
    assert.equal(after.seen.jobs, REPLICAS);

    await cli('ticker', 'scale', '1');
    const one = await reach(again.client, 'one replica', isWhole);
    assert.deepEqual(jobsOf(one), jobsOf(kept).slice(0, 1));
    assert.equal((await again.client.jobs({ open: true })).jobs.length, 1);
    assert.match(await cli('ticker', 'delete'), /deleted ticker/);
    assert.deepEqual(await again.client.deployments(), []);
    await waitFor('idle workers', async () => {
      const { nodes, jobs } = await again.client.status();
      return nodes.busySlots === 0 && jobs.open === 0;
    });

    for (const child of [workers[1].child, workers[2].child, again.child]) {
      await child.stop();
      await child.gone();
    }
    assert.deepEqual(await world.leftovers(), []);
  });

  it('goes on under another coordinator when the one that leads is killed', async () => {
    await using postgres = await startPostgres();
    await using world = await fogWorld();
    const env = { FOG_STORE: await postgres.createDatabase('fog') };
    const up = ['--no-worker', '--no-mixnet', '--port', '0'];
    const leader = await world.up(up, 'one', env);
    const standby = await world.up(up, 'two', env);
    const file = world.dir.file('tick.wasm');
    await writeTickModule(file, TICK_MS);
    for (let worker = 0; worker < REPLICAS; worker += 1) await world.join(standby.joinLine, SLOTS);
    const flags = ['--name', 'ticker', '--replicas', `${REPLICAS}`];
    const where = ['--data-dir', leader.dataDir];
    const created = await world.fog(['deployment', 'create', ...where, ...flags, file]).ended();
    assert.equal(created.code, 0, created.stderr);
    const before = await reach(standby.client, 'three replicas', isWhole);

    await leader.child.kill();
    await leader.child.gone();
    await waitFor(
      'the other one to lead',
      async () => (await standby.client.deployments().catch(() => [])).length > 0,
      { deadlineMs: DEADLINE_MS },
    );
    await waitFor('the workers', async () => (await standby.client.status()).nodes.online === 3, {
      deadlineMs: DEADLINE_MS,
    });
    const after = await reach(standby.client, 'the replicas of before', isWhole);
    assert.deepEqual(jobsOf(after), jobsOf(before));
    assert.equal(after.seen.jobs, REPLICAS);
    const scaled = { replicas: 1 };
    await standby.client.changeDeployment(after.id, scaled);
    const one = await reach(standby.client, 'one replica', isWhole);
    assert.deepEqual(jobsOf(one), jobsOf(before).slice(0, 1));
  });
});
