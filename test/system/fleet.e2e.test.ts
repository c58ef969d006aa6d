/** A fog of several processes under kill -9: no task is lost, and none is counted twice. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { spinModule, waitFor } from '@fog/testkit';
import { fogWorld } from '@fog/testkit/fog';
import { SLEPT, writeSleepModule } from './sleep-module.ts';
import {
  assertEachOnce,
  DEADLINE_MS,
  ended,
  HALF,
  settled,
  TASK_MS,
  TASKS,
} from './sleeping-array.ts';

const SLOTS = ['--slots', '4'];

describe('a fog of several processes', () => {
  it('loses and doubles nothing when a worker is killed', async () => {
    await using world = await fogWorld();
    const { client, child, joinLine, url } = await world.up(['--no-worker', '--port', '0']);
    const first = await world.join(joinLine, SLOTS);
    const second = await world.join(joinLine, SLOTS);
    assert.notEqual(first.node, second.node);
    const file = world.dir.file('sleep.wasm');
    await writeSleepModule(file, TASK_MS);

    const dataDir = ['--data-dir', world.dir.file('fog')];
    const run = world.fog(['run', ...dataDir, '--detach', '--count', `${TASKS}`, file]);
    const { stdout, code } = await run.ended();
    assert.equal(code, 0, run.describe());
    const id = stdout.trim();

    await settled(client, id, HALF);
    await first.child.kill();
    await first.child.gone();
    assert.equal(await ended(client, id), 'settled');

    const results = await assertEachOnce(client, id);
    const nodes = new Set(results.map(({ node }) => node));
    assert.deepEqual(nodes, new Set([first.node, second.node]));

    // The machine that was lost comes back as the same node, without a code.
    const again = world.fog(['join', url, '--data-dir', first.dataDir, ...SLOTS]);
    await again.output(new RegExp(`this machine is node ${first.node}`));

    for (const each of [again, second.child, child]) {
      assert.equal((await each.stop()).code, 0, each.describe());
      await each.gone();
    }
    assert.deepEqual(await world.leftovers(), []);
  });

  it('gives a task up as NODE_LOST when no attempt is left', async () => {
    await using world = await fogWorld();
    const { client, joinLine, dataDir, child } = await world.up(['--no-worker', '--port', '0']);
    const agent = await world.join(joinLine, ['--slots', '1']);
    const file = world.dir.file('loop.wasm');
    await writeFile(file, spinModule());
    const run = world.fog(['run', '--data-dir', dataDir, '--retries', '0', '--json', file]);
    await waitFor('the task to run', async () => (await client.status()).jobs.runningTasks === 1);
    await agent.child.kill();
    await agent.child.gone();
    const { code } = await run.ended();
    assert.equal(code, 125, run.describe());
    const [job] = (await client.jobs()).jobs;
    assert.equal(job?.failure?.code, 'NODE_LOST');
    assert.equal((await child.stop()).code, 0);
  });

  it('loses and doubles nothing when the coordinator is killed and started again', async () => {
    await using world = await fogWorld();
    const before = await world.up(['--no-worker', '--port', '0']);
    const agents = [
      await world.join(before.joinLine, SLOTS),
      await world.join(before.joinLine, SLOTS),
    ];
    const file = world.dir.file('sleep.wasm');
    await writeSleepModule(file, TASK_MS);

    const run = world.fog(['run', '--data-dir', before.dataDir, '--count', `${TASKS}`, file]);
    const id = await waitFor('the job', async () => (await before.client.jobs()).jobs[0]?.id);
    await settled(before.client, id, HALF);
    await before.child.kill();
    await before.child.gone();
    assert.ok(run.running && agents.every(({ child }) => child.running));

    const { port } = new URL(before.url);
    const { client, child } = await world.up(['--no-worker', '--port', port]);
    const { code, stdout } = await run.ended(DEADLINE_MS);
    assert.equal(code, 0, run.describe());
    assert.equal(stdout, SLEPT.repeat(TASKS));
    assert.equal(await ended(client, id), 'settled');
    await assertEachOnce(client, id);
    assert.equal((await client.jobs()).jobs.length, 1);

    for (const each of [...agents.map((agent) => agent.child), child]) {
      await each.stop();
      await each.gone();
    }
    assert.deepEqual(await world.leftovers(), []);
  });
});
