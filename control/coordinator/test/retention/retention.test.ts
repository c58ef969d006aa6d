/** What ended long ago goes, and nothing that anybody may still use. */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { sha256Hex } from '@fog/crypto';
import { type Blobs, openBlobs } from '@fog/store';
import { tempDir } from '@fog/testkit';
import { DeploymentSpec, type Job, JobBatch } from '@fog/wire';
import { type Fixture, fixture, HandAgent, MODULE, ok, OWNER, spec } from '../fixture.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const STEPS = 400;

interface World extends AsyncDisposable {
  readonly fog: Fixture;
  readonly agent: HandAgent;
  readonly blobs: Blobs;
}

async function world(): Promise<World> {
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(await tempDir());
  const blobs = await openBlobs({ dir: dir.path });
  const fog = stack.use(await fixture({}, { blobs }));
  const agent = new HandAgent('a').connect(fog.coordinator, { slots: 4 });
  const owned = stack.move();
  return { fog, agent, blobs, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function run({ fog, agent }: World, over: object = {}): Promise<Job> {
  const job = await fog.coordinator.submit(OWNER, spec(over));
  await agent.until(() => agent.unanswered().length > 0);
  for (const { token } of agent.unanswered()) agent.result(token);
  return fog.coordinator.job(OWNER, job.id, { waitMs: 5_000 });
}

/** As if all that is stored had happened so long ago. */
async function age({ store }: Fixture, days: number): Promise<void> {
  const by = days * DAY_MS;
  await store.write(async (trx) => {
    await trx
      .updateTable('job')
      .set((e) => ({ created_at: e('created_at', '-', by), ended_at: e('ended_at', '-', by) }))
      .execute();
    await trx
      .updateTable('content_ref')
      .set((e) => ({ created_at: e('created_at', '-', by) }))
      .execute();
    await trx
      .updateTable('unused_blob')
      .set((e) => ({ since: e('since', '-', by) }))
      .execute();
    await trx
      .updateTable('result_batch')
      .set((e) => ({ received_at: e('received_at', '-', by) }))
      .execute();
  });
}

/** Moves the clock by the pauses of a round until it is so. */
async function passes(fog: Fixture, what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (let step = 0; step < STEPS; step += 1) {
    if (await isSo()) return;
    fog.clock.advance(50);
    await fog.store.write(async () => {});
  }
  assert.fail(`not so: ${what}`);
}

async function rows({ store }: Fixture, table: 'job' | 'attempt' | 'task_result'): Promise<number> {
  const found = await store.db
    .selectFrom(table)
    .select((e) => e.fn.countAll().as('count'))
    .executeTakeFirstOrThrow();
  return Number(found.count);
}

const names = async ({ store }: Fixture): Promise<string[]> =>
  (await store.db.selectFrom('unused_blob').select('content').execute()).map((row) => row.content);

const references = async ({ store }: Fixture): Promise<string[]> =>
  (await store.db.selectFrom('content_ref').select('content').execute()).map((row) => row.content);

async function upload({ fog, blobs }: World, text: string): Promise<string> {
  const { content, sizeBytes } = await blobs.put(Readable.from([Buffer.from(text)]), {
    maxBytes: 1_000,
  });
  await fog.coordinator.addReference(OWNER, content, sizeBytes);
  return content;
}

test('ended jobs go with all that was stored for them when they are old; the newest and open ones stay', async () => {
  await using here = await world();
  const { fog, agent } = here;
  for (let count = 0; count < 3; count += 1) await run(here, { array: { count: 4 } });
  const open = await fog.coordinator.submit(OWNER, spec());
  await agent.until(() => agent.unanswered().length > 0);
  await age(fog, 31);
  const newest = await run(here);
  fog.clock.advance(10_000);
  await passes(fog, 'two jobs are left', async () => (await rows(fog, 'job')) === 2);
  const page = await fog.coordinator.jobs(OWNER, { open: false, limit: 10 });
  assert.deepEqual(page.jobs.map(({ id }) => id).sort(), [open.id, newest.id].sort());
  assert.equal(await rows(fog, 'task_result'), 1 + 1);
  assert.equal(await rows(fog, 'attempt'), 1 + 1);
  const events = await fog.store.db.selectFrom('job_event').select('job').distinct().execute();
  assert.equal(events.length, 2);
  await passes(
    fog,
    'it is told',
    async () => fog.coordinator.counts().retention?.removedJobs === 3,
  );
  assert.equal(fog.coordinator.counts().jobs.ended, 2);
});

test('numbers go on from the highest there was, whatever goes', async () => {
  await using here = await world();
  const { fog } = here;
  await run(here);
  const last = await run(here);
  const [before] = (await fog.coordinator.task(OWNER, last.id, 0)).attempts;
  await age(fog, 31);
  fog.clock.advance(10_000);
  await passes(fog, 'one is left', async () => (await rows(fog, 'job')) === 1);
  await fog.restart();
  const agent = new HandAgent('a', here.agent).connect(fog.coordinator);
  const { id } = await run({ ...here, agent });
  const [after] = (await fog.coordinator.task(OWNER, id, 0)).attempts;
  assert.ok((after?.token ?? 0) > (before?.token ?? 0));
});

test('a job that an open one needs stays, however old', async () => {
  await using here = await world();
  const { fog, agent } = here;
  const needed = await run(here);
  const slow = await fog.coordinator.submit(OWNER, spec());
  await agent.until(() => agent.unanswered().length > 0);
  const second = { job: needed.id, outputs: [{ index: 0, from: 'stdout', to: 'in' }] };
  const waits = spec({ needs: [second, { job: slow.id, outputs: [] }] });
  const dependent = await fog.coordinator.submit(OWNER, waits);
  await run(here, { name: 'newest' });
  await age(fog, 31);
  await fog.coordinator.submit(OWNER, spec({ name: 'for its number' }));
  fog.clock.advance(10_000);
  for (let step = 0; step < 20; step += 1) {
    fog.clock.advance(50);
    await fog.store.write(async () => {});
  }
  assert.equal((await fog.coordinator.job(OWNER, needed.id)).state, 'settled');
  assert.equal((await fog.coordinator.job(OWNER, dependent.id)).state, 'submitted');
});

test('content nobody uses goes a day after its last reference; what is sent again stays', async () => {
  await using here = await world();
  const { fog, blobs } = here;
  const old = await upload(here, 'old');
  const again = await upload(here, 'again');
  await age(fog, 60);
  const fresh = await upload(here, 'fresh');
  fog.clock.advance(10_000);
  await passes(fog, 'they are noted', async () => (await names(fog)).length === 3);
  assert.deepEqual((await names(fog)).sort(), [old, again, MODULE].sort());
  await upload(here, 'again');
  assert.ok(!(await names(fog)).includes(again));
  assert.deepEqual((await references(fog)).sort(), [again, fresh].sort());
  await age(fog, 0.9);
  fog.clock.advance(HOUR_MS);
  for (let step = 0; step < 20; step += 1) {
    fog.clock.advance(50);
    await fog.store.write(async () => {});
  }
  assert.equal(await blobs.size(old), 3, 'an upload that began before may still come to use it');
  await age(fog, 0.2);
  fog.clock.advance(HOUR_MS + 60_000);
  await passes(fog, 'its bytes are gone', async () => (await blobs.size(old)) === undefined);
  await passes(fog, 'the note is gone', async () => (await names(fog)).length === 0);
  assert.equal(await blobs.size(again), 5);
  assert.equal(await blobs.size(fresh), 5);
  await passes(fog, 'it is told', async () => {
    const { removedBlobs, freedBytes } = fog.coordinator.counts().retention ?? {};
    return removedBlobs === 2 && freedBytes === 3 + 8;
  });
});

test('content of jobs, outputs and deployments that are kept stays', async () => {
  await using here = await world();
  const { fog, blobs } = here;
  const input = await upload(here, 'input');
  const served = await upload(here, 'served');
  const output = Buffer.from('output');
  const content = sha256Hex(output);
  await blobs.put(Readable.from([output]), { maxBytes: 100 });
  const job = spec({ module: served });
  await fog.coordinator.deploy(OWNER, DeploymentSpec.parse({ name: 'web', replicas: 0, job }));
  await age(fog, 60);
  // What it remembers is as old.
  await fog.restart();
  const agent = new HandAgent('a', here.agent).connect(fog.coordinator);
  const named = { inputs: [{ path: 'in', content: input, sizeBytes: 5 }] };
  await fog.coordinator.submit(OWNER, spec(named));
  await agent.until(() => agent.unanswered().length > 0);
  const [lease] = agent.unanswered();
  const token = lease?.token ?? 0;
  await fog.coordinator.leaseUploaded('a', token, { content, sizeBytes: 6, tookMs: 1 });
  agent.result(token, ok({ stdout: { sizeBytes: 6, content } }));
  await agent.until(() => agent.acks().tokens.length === 1);
  await age(fog, 29);
  fog.clock.advance(10_000);
  for (let step = 0; step < 20; step += 1) {
    fog.clock.advance(50);
    await fog.store.write(async () => {});
  }
  assert.deepEqual(await names(fog), []);
  assert.deepEqual((await references(fog)).sort(), [MODULE, input, served, content].sort());
});

test('while bytes are being removed nobody can come to refer to them', async () => {
  await using here = await world();
  const { fog } = here;
  const content = 'b'.repeat(64);
  await fog.store.write((trx) =>
    trx
      .insertInto('unused_blob')
      .values({ content, size_bytes: 1, since: 0, removing: 1 })
      .execute(),
  );
  await assert.rejects(fog.coordinator.addReference(OWNER, content, 1), {
    code: 'COORDINATOR_CONTENT_REMOVED',
  });
  assert.equal(await fog.coordinator.mayRead(OWNER, content), false);
});

test('a job that waits for one that is not kept any more fails with the reason', async () => {
  await using here = await world();
  const { fog, agent } = here;
  const batch = JobBatch.parse({
    jobs: [
      { key: 'first', spec: spec() },
      { key: 'second', spec: spec({ needs: [{ job: 'first', outputs: [] }] }) },
    ],
  });
  const jobs = await fog.coordinator.submitBatch(OWNER, batch);
  await agent.until(() => agent.unanswered().length > 0);
  await fog.store.write((trx) =>
    trx
      .deleteFrom('job')
      .where('id', '=', jobs[0]?.id ?? '')
      .execute(),
  );
  for (const { token } of agent.unanswered()) agent.result(token);
  const second = await fog.coordinator.job(OWNER, jobs[1]?.id ?? '', { waitMs: 5_000 });
  assert.equal(second.state, 'failed');
  assert.match(second.failure?.message ?? '', /not kept any more/);
});
