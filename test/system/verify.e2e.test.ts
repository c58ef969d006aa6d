/** A worker that lies in a fleet of four owners: what it says is never taken where results are compared. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FogClient } from '@fog/server/client';
import { printModule, waitFor } from '@fog/testkit';
import type { FogNode, JobSpecInput } from '@fog/wire';
import { liarWorld } from './liar-world.ts';

const RIGHT = 'the right answer\n';
const TASKS = 6;
/** A liar that is not found within so many tasks is not found. */
const MOST_TASKS = 60;
const DEADLINE_MS = 120_000;

async function submit(client: FogClient, over: Partial<JobSpecInput>): Promise<string> {
  const { content } = await client.uploadBlob(printModule(RIGHT));
  const spec = { runtime: 'wasm', module: content, moduleName: 'right.wasm' } as const;
  const { id } = await client.submit({ ...spec, determinism: 'strict', ...over });
  return id;
}

async function texts(client: FogClient, id: string): Promise<string[]> {
  const ended = async (): Promise<boolean> =>
    (await client.job(id, { waitMs: 5_000 })).state === 'settled';
  await waitFor('the job to settle', ended, { deadlineMs: DEADLINE_MS });
  const { results } = await client.results(id, { from: 0, limit: TASKS });
  return results.map(({ outcome }) => Buffer.from(outcome.stdout.data ?? '', 'base64').toString());
}

const nodeOf = async (client: FogClient, id: string): Promise<FogNode | undefined> =>
  (await client.nodes()).find((node) => node.id === id);

describe('a worker that lies, in a fleet of four owners', () => {
  for (const kind of ['S', 'A'] as const) {
    it(`is never believed at class ${kind}`, async () => {
      await using world = await liarWorld();
      const id = await submit(world.client, { class: kind, array: { count: TASKS } });
      assert.deepEqual(await texts(world.client, id), Array(TASKS).fill(RIGHT));
      for (let index = 0; index < TASKS; index += 1) {
        const task = await world.client.task(id, index);
        assert.notEqual(task.node, world.liar);
        assert.equal(task.verification?.counted, 'owners');
        assert.ok((task.verification?.agreed ?? 0) >= 2);
      }
    });
  }

  it('is found and cooled down at class B', async (t) => {
    await using world = await liarWorld();
    const { client, liar } = world;
    let tasks = 0;
    let lies = 0;
    const isFound = async (): Promise<boolean> =>
      (await nodeOf(client, liar))?.breaker.state === 'open';
    while (!(await isFound())) {
      assert.ok(tasks < MOST_TASKS, `not found within ${MOST_TASKS} tasks`);
      const id = await submit(client, {});
      const [text] = await texts(client, id);
      tasks += 1;
      if (text !== RIGHT) lies += 1;
    }
    const found = `the liar was found after ${tasks} tasks of class B, ${lies} of them its own`;
    t.diagnostic(found);
    const honest = (await client.nodes()).filter(({ id }) => id !== liar);
    assert.ok(honest.every(({ breaker }) => breaker.state === 'closed'));
    const id = await submit(client, { array: { count: TASKS } });
    assert.deepEqual(await texts(client, id), Array(TASKS).fill(RIGHT));
  });
});
