/** A fog that was left alone for a month: its old job and file go, what is new stays, whatever keeps its state. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { type Blobs, openBlobs, openStore, type StoreOptions } from '@fog/store';
import { catModule, helloModule, waitFor } from '@fog/testkit';
import { type FogWorld, fogWorld, type RunningFog } from '@fog/testkit/fog';
import { startPostgres, startS3 } from '@fog/testkit/servers';
import type { FogStatus } from '@fog/wire';

const DAY_MS = 86_400_000;
const DEADLINE_MS = 30_000;
/** Too long to be kept with its result. */
const TEXT = 'a line of text that comes back\n'.repeat(2_000);

interface Place {
  readonly store: StoreOptions;
  readonly blobs: Blobs;
  readonly env: Readonly<Record<string, string>>;
}

/** As if all that is stored had happened so long ago. */
async function age({ store: options }: Place, days: number): Promise<void> {
  const store = await openStore(options);
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
  });
  await store.close();
}

function removed(fog: RunningFog, key: keyof NonNullable<FogStatus['retention']>): Promise<number> {
  const read = async (): Promise<number | false> =>
    (await fog.client.status()).retention?.[key] || false;
  return waitFor(`${key} to count`, read, {
    deadlineMs: DEADLINE_MS,
    describe: () => fog.child.describe(),
  });
}

async function leftAlone(world: FogWorld, place: Place, name: string): Promise<void> {
  const cat = world.dir.file('cat.wasm');
  const hello = world.dir.file('hello.wasm');
  await writeFile(cat, catModule());
  await writeFile(hello, helloModule());
  const start = (): Promise<RunningFog> =>
    world.up(['--port', '0', '--no-mixnet', '--slots', '1', '--keep', '30d'], name, place.env);
  const run = async (file: string, stdin: string): Promise<string> => {
    const child = world.fog(['run', '--data-dir', world.dir.file(name), file], { stdin });
    const { code, stdout } = await child.ended();
    assert.equal(code, 0, child.describe());
    return stdout;
  };
  const first = await start();
  assert.equal(await run(cat, TEXT), TEXT);
  const [old] = (await first.client.jobs()).jobs;
  const page = await first.client.results(old?.id ?? '');
  const content = page.results[0]?.outcome?.stdout.content ?? '';
  assert.equal(await place.blobs.size(content), TEXT.length);
  await first.child.stop();

  await age(place, 40);
  const second = await start();
  await run(hello, '');
  assert.equal(await removed(second, 'removedJobs'), 1);
  const { jobs } = await second.client.jobs();
  assert.equal(jobs.length, 1);
  await assert.rejects(second.client.job(old?.id ?? ''), { code: 'COORDINATOR_NO_JOB' });
  assert.equal(await place.blobs.size(content), TEXT.length, 'somebody may just be sending it');
  const status = world.fog(['status', '--data-dir', second.dataDir]);
  assert.match((await status.ended()).stdout, /^kept {6}ended jobs for 30 days; removed: 1 jobs/m);
  await second.child.stop();

  await age(place, 2);
  const third = await start();
  assert.ok((await removed(third, 'removedBlobs')) >= 1);
  assert.equal(await place.blobs.size(content), undefined);
  assert.equal(await run(hello, ''), 'hello from fog\n');
  const rerun = world.fog(['job', jobs[0]?.id ?? '', 'rerun', '--data-dir', third.dataDir]);
  assert.equal((await rerun.ended()).code, 0, rerun.describe());
  assert.equal(await run(cat, TEXT), TEXT);
  await third.child.stop();
}

describe('a fog that was left alone for a month', () => {
  let world: FogWorld;
  before(async () => {
    world = await fogWorld();
  });
  after(() => world[Symbol.asyncDispose]());

  it('loses its old job and file from its data directory', async () => {
    const dir = world.dir.file('fog');
    const first = await world.up(['--port', '0', '--no-mixnet', '--no-worker']);
    await first.child.stop();
    const blobs = await openBlobs({ dir: `${dir}/blobs`, incoming: 'looking' });
    await leftAlone(world, { store: { dir }, blobs, env: {} }, 'fog');
  });

  it('loses them from PostgreSQL and a bucket', async () => {
    await using stack = new AsyncDisposableStack();
    const postgres = stack.use(await startPostgres());
    const s3 = stack.use(await startS3());
    const url = await postgres.createDatabase('left');
    const bucket = { url: s3.url, env: s3.env };
    const blobs = await openBlobs({ dir: world.dir.file('looking'), bucket });
    const env = { FOG_STORE: url, FOG_BLOBS: s3.url, ...s3.env };
    await leftAlone(world, { store: { url }, blobs, env }, 'far');
  });

  it('refuses to keep nothing', async () => {
    const child = world.fog(['up', '--keep', '5m', '--data-dir', world.dir.file('none')]);
    const { code, stderr } = await child.ended();
    assert.equal(code, 2);
    assert.match(stderr, /--keep 5m: must be a time of at least 1h, such as 12h or 90d/);
  });
});
