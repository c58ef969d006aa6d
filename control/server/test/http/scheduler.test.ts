import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { isFogError } from '@fog/kernel';
import type { JobSpecInput } from '@fog/wire';
import { bearer, type FogFixture, rawCall, startFog } from '../fog-fixture.ts';

let fog: FogFixture;
let spec: JobSpecInput;
before(async () => {
  fog = await startFog();
  const { content } = await fog.client.uploadBlob(new Uint8Array([1, 2, 3]));
  const array = { count: 9 };
  spec = { runtime: 'wasm', module: content, moduleName: 'a.wasm', array };
});
after(() => fog[Symbol.asyncDispose]());

const refused = (code: string) => (error: unknown) => isFogError(error, code);

describe('the scheduler over HTTP', () => {
  it('is shown to operators, and in the status to all', async () => {
    const status = await fog.client.scheduler();
    assert.deepEqual([status.strategy, status.thread, status.last], ['auto', 'idle', []]);
    await assert.rejects(fog.other.client.scheduler(), /operator/);
    const { scheduler } = await fog.other.client.status();
    assert.deepEqual(scheduler, { made: 0, failed: 0, plannedTasks: 0 });
  });

  it('compares strategies also without a single node, and runs nothing', async () => {
    const answer = await fog.client.compareStrategies({ spec, budgetMs: 5 });
    assert.deepEqual([answer.tasks, answer.nodes], [9, 0]);
    for (const { unplaced, objectives } of answer.forecasts) {
      assert.deepEqual([unplaced, objectives], [9, undefined]);
    }
    assert.deepEqual((await fog.client.jobs()).jobs, []);
  });

  it('keeps jobs and their fronts to their account', async () => {
    const { id } = await fog.client.submit({ ...spec, strategy: 'nsga2' });
    assert.deepEqual(await fog.client.fronts({ job: id }), []);
    const { client } = fog.other;
    await assert.rejects(client.fronts({ job: id }), refused('COORDINATOR_NO_JOB'));
    await assert.rejects(client.compareStrategies({ job: id }), refused('COORDINATOR_NO_JOB'));
    assert.equal((await fog.client.compareStrategies({ job: id, budgetMs: 5 })).tasks, 9);
    await fog.client.cancel(id);
  });

  it('names machines to their owners and to operators, and to nobody else', async () => {
    const node = 'm'.repeat(26);
    const session = fog.coordinator.attach({
      node,
      nodeKey: new Uint8Array(32),
      owner: 'operator',
      name: 'attic',
      capabilities: {
        platform: 'linux',
        arch: 'x64',
        cores: 1,
        memoryBytes: 2 ** 30,
        slots: 1,
        sandboxLevel: 'os',
        runtimes: ['wasm'],
        version: 'test',
      },
      credit: 1,
      held: [],
      send: () => {},
      close: () => {},
    });
    const { content } = await fog.other.client.uploadBlob(new Uint8Array([1]));
    const wanted = { runtime: 'wasm', module: content, moduleName: 'b.wasm' } as const;
    const { id } = await fog.other.client.submit({ ...wanted, region: 'mars' });
    const why = await fog.other.client.why(id);
    assert.deepEqual(
      why.nodes.map(({ name }) => name),
      ['mmmmmmmm'],
    );
    assert.match(why.summary, /mmmmmmmm is in no known region/);
    const large = { ...wanted, resources: { memoryBytes: 2 ** 32 } };
    await assert.rejects(fog.other.client.submit(large), /mmmmmmmm has 1 GiB of memory/);
    const question = { strategy: 'least_loaded' } as const;
    const names = async (client: FogFixture['client']): Promise<string[]> =>
      (await client.route(question)).candidates.map(({ name }) => name);
    assert.deepEqual(await names(fog.other.client), ['mmmmmmmm']);
    assert.deepEqual(await names(fog.client), ['attic']);
    assert.ok(!JSON.stringify([why, await fog.other.client.job(id)]).includes('attic'));
    await fog.other.client.cancel(id);
    session.closed();
  });

  it('says what is wrong with a question', async () => {
    const job = 'jaaaaaaaaaaaa';
    const bodies: [object, RegExp][] = [
      [{}, /either .*job.* or .*spec/],
      [{ job, spec }, /either .*job.* or .*spec/],
      [{ job, budgetMs: 0 }, /budgetMs/],
      [{ job, budgetMs: 1e9 }, /budgetMs/],
      [{ job, expectedMs: -5 }, /expectedMs/],
      [{ job, expectedMs: Number.NaN }, /expectedMs/],
      [{ spec: { ...spec, strategy: 'best' } }, /strategy/],
      [{ job, more: 1 }, /more/],
    ];
    const headers = { ...bearer(fog.token), 'content-type': 'application/json' };
    for (const [body, expected] of bodies) {
      const call = { method: 'POST', headers, body: JSON.stringify(body) };
      const answer = await rawCall(fog.api.url, '/api/v1/scheduler/compare', call);
      assert.equal(answer.status, 400, answer.body);
      assert.match(answer.body, expected);
    }
  });
});
