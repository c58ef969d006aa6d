import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { identityFromSeed } from '@fog/crypto';
import { silentLogger, systemClock } from '@fog/kernel';
import { VirtualClock } from '@fog/testkit';
import { createAgent } from '../src/index.ts';
import { FakeCoordinator } from './fake-coordinator.ts';
import { FakeRuntime } from './fake-runtime.ts';
import { identity, NEVER, type Rig, rig, spoolFiles } from './harness.ts';
import { waitFor } from './until.ts';

const later = (r: Rig, url: string) =>
  createAgent(
    { url, dataDir: r.dir.file('agent'), slots: 1 },
    { clock: systemClock, logger: silentLogger, runtime: new FakeRuntime(), identity },
  );

/** Runs one task to its end while there is no coordinator, and waits until the result is on disk. */
async function finishAlone(r: Rig, outputBytes: number): Promise<void> {
  r.coordinator.work(r.spec(), [{ token: 5 }]);
  const run = await r.run(1);
  await r.coordinator[Symbol.asyncDispose]();
  run.sink.output('stdout', Buffer.alloc(outputBytes, 7));
  run.end();
  await waitFor('the record', async () => (await spoolFiles(r)).includes('5.json'));
}

test('a result that finished while no coordinator was there outlives the agent', async () => {
  await using r = await rig();
  const { port } = r.coordinator;
  await finishAlone(r, 3);
  await r.agent.stop();
  await using back = await FakeCoordinator.start({ port });
  const again = later(r, back.url);
  await again.start(NEVER);
  await waitFor('the result', () => back.latest.results.length === 1);
  assert.deepEqual(back.latest.hello?.held, [5]);
  assert.equal(back.latest.results[0]?.outcome.stdout.sizeBytes, 3);
  await waitFor('an empty spool', async () => (await spoolFiles(r)).length === 0);
  await again.stop();
});

test('large outputs too: they are uploaded first', async () => {
  await using r = await rig();
  const { port } = r.coordinator;
  await finishAlone(r, 50_000);
  await r.agent.stop();
  assert.deepEqual((await spoolFiles(r)).sort(), ['5-stdout', '5.json']);
  await using back = await FakeCoordinator.start({ port });
  const again = later(r, back.url);
  await again.start(NEVER);
  await waitFor('the result', () => back.latest.results.length === 1);
  const [upload] = back.uploads;
  assert.equal(upload?.bytes.length, 50_000);
  assert.equal(back.latest.results[0]?.outcome.stdout.content, upload?.content);
  await waitFor('an empty spool', async () => (await spoolFiles(r)).length === 0);
  await again.stop();
});

test('another fog gets nothing of it; what is damaged or belongs to nothing goes', async () => {
  await using r = await rig();
  await finishAlone(r, 3);
  await r.agent.stop();
  const known = identityFromSeed(new Uint8Array(32).fill(1)).id;
  await writeFile(r.dir.file('agent', 'spool', known, '6.json'), '{"half');
  await writeFile(
    r.dir.file('agent', 'spool', known, '7-stdout'),
    'output of a task that was killed',
  );
  await using other = await FakeCoordinator.start({ seed: 2 });
  const elsewhere = later(r, other.url);
  await elsewhere.start(NEVER);
  assert.deepEqual(other.latest.hello?.held, []);
  await elsewhere.stop();
  assert.deepEqual(await spoolFiles(r), ['5.json']);
});

test('outputs a coordinator cannot take now are sent again', async () => {
  const clock = new VirtualClock();
  await using r = await rig({ clock });
  let refusals = 0;
  r.coordinator.intercept = (request, answer) => {
    if (request.method !== 'POST' || refusals >= 3) return false;
    refusals += 1;
    const problem = { type: 'x', title: 'x', status: 507, detail: 'full', code: 'STORE_DISK_FULL' };
    answer.writeHead(507).end(JSON.stringify({ ...problem, kind: 'unavailable', retryable: true }));
    return true;
  };
  r.coordinator.work(r.spec(), [{ token: 1 }]);
  const run = await r.run(1);
  run.sink.output('stdout', Buffer.alloc(50_000));
  run.end();
  await waitFor('the result', () => {
    clock.advance(500);
    return r.coordinator.sessions.some((session) => session.results.length === 1);
  });
  assert.equal(refusals, 3);
  assert.equal(r.coordinator.uploads.length, 1);
});
