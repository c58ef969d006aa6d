/** A fog whose state is in a real PostgreSQL and whose files are in a real bucket. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { type Child, helloModule, waitFor } from '@fog/testkit';
import { type FogWorld, fogWorld } from '@fog/testkit/fog';
import { type PostgresServer, type S3Server, startPostgres, startS3 } from '@fog/testkit/servers';

/** Twice the period of health checks. */
const SLOW_MS = 60_000;
const UP = ['--port', '0', '--no-mixnet', '--slots', '1'];

let postgres: PostgresServer;
let s3: S3Server;
let world: FogWorld;
let databases = 0;
const stack = new AsyncDisposableStack();

before(async () => {
  postgres = stack.use(await startPostgres());
  s3 = stack.use(await startS3());
  world = stack.use(await fogWorld());
  await writeFile(world.dir.file('hello.wasm'), helloModule());
});
after(() => stack.disposeAsync());

async function storageEnv(): Promise<Record<string, string>> {
  databases += 1;
  const url = await postgres.createDatabase(`fog${databases}`);
  return { FOG_STORE: url, FOG_BLOBS: s3.url, ...s3.env };
}

const hello = (name: string): Child =>
  world.fog(['run', '--data-dir', world.dir.file(name), world.dir.file('hello.wasm')]);

async function runHello(name: string): Promise<void> {
  const run = hello(name);
  const { code, stdout } = await run.ended();
  assert.equal(code, 0, run.describe());
  assert.equal(stdout, 'hello from fog\n');
}

const doctor = async (name: string): Promise<string> =>
  (await world.fog(['doctor', '--data-dir', world.dir.file(name)]).ended(SLOW_MS)).stdout;

const ran = async (name: string): Promise<boolean> => (await hello(name).ended()).code === 0;

/** Ended with the code; said what was expected, and never the password. */
async function refused(child: Child, code: number, said: RegExp): Promise<void> {
  const ended = await child.ended();
  assert.equal(ended.code, code, child.describe());
  assert.match(ended.stderr, said);
  assert.ok(!(ended.stdout + ended.stderr).includes(postgres.password));
}

describe('fog up with a database and a bucket', () => {
  it('keeps all there, over a kill too, and says where', async () => {
    const env = await storageEnv();
    const first = await world.up(UP, 'fog', env);
    assert.match(first.child.stdout, /^store {2}PostgreSQL at 127\.0\.0\.1:\d+, database "fog1"$/m);
    assert.match(first.child.stdout, /^blobs {2}bucket "fog-blobs" at 127\.0\.0\.1:\d+$/m);
    assert.ok(!first.child.stdout.includes(postgres.password));
    await runHello('fog');
    await first.child.kill();
    await first.child.gone();
    assert.equal(existsSync(world.dir.file('fog', 'fog.db')), false);
    assert.equal(await postgres.sql('fog1', 'select count(*) from job'), '1');
    const again = await world.up(UP, 'fog', env);
    const { jobs } = await again.client.jobs();
    assert.deepEqual(
      jobs.map(({ state }) => state),
      ['settled'],
    );
    await runHello('fog');
    assert.equal((await again.child.stop()).code, 0);
  });

  it('stands by while another coordinator leads, and leads when that is killed', async () => {
    const env = await storageEnv();
    const first = await world.up(UP, 'one', env);
    const second = await world.up(UP, 'two', env);
    assert.match(second.child.stdout, /^coordinator .* standing by/m);
    assert.equal(await postgres.sql('fog2', 'select count(*) from fog_secret'), '1');
    await runHello('one');
    await first.child.kill();
    await first.child.gone();
    await waitFor('the second to lead', () => ran('two'));
    const { jobs } = await second.client.jobs();
    assert.ok(jobs.length >= 2 && jobs.every(({ state }) => state === 'settled'));
    assert.equal((await second.child.stop()).code, 0);
  });

  it('says so when the database is away, and goes on when it is back', async () => {
    const fog = await world.up(UP, 'away', await storageEnv());
    await runHello('away');
    assert.match(await doctor('away'), /^\[ ok \] store .*running fog: PostgreSQL at .*bucket/m);
    await postgres.kill();
    const told = await doctor('away');
    assert.match(told, /^\[FAIL\] fog .*database cannot be reached.*Start its server/m);
    assert.doesNotMatch(told, /SQLite|Check --fog/);
    await assert.rejects(fog.client.jobs());
    await postgres.start();
    await waitFor('a job to run again', () => ran('away'));
    assert.equal((await fog.child.stop()).code, 0);
  });

  it('says so when the bucket is away, names it, and is well when it is back', async () => {
    const fog = await world.up(UP, 'bucket', await storageEnv());
    const store = async () => (await fog.client.services()).find(({ name }) => name === 'store');
    assert.match(
      (await store())?.detail ?? '',
      /^PostgreSQL at .*; files in bucket "fog-blobs" at/,
    );
    await s3.kill();
    const degraded = await waitFor(
      'the health',
      async () => {
        const found = await store();
        return found?.health === 'degraded' && found;
      },
      { deadlineMs: SLOW_MS },
    );
    assert.match(degraded.detail ?? '', /bucket "fog-blobs" at .*ECONNREFUSED.*Check its endpoint/);
    await s3.start();
    await waitFor('good health', async () => (await store())?.health === 'healthy');
    await runHello('bucket');
    assert.equal((await fog.child.stop()).code, 0);
  });

  it('refuses a password on the command line, and a database that is not there', async () => {
    const { FOG_STORE: url = '' } = await storageEnv();
    const up = ['up', ...UP, '--data-dir', world.dir.file('refused')];
    await refused(world.fog([...up, '--store', url]), 2, /--store has a password.*FOG_STORE/);
    const bare = url.replace(`:${postgres.password}`, '');
    const env = { PGPASSWORD: postgres.password };
    await refused(
      world.fog([...up, '--store', `${bare}x`], { env }),
      125,
      /does not exist.*createdb/,
    );
    const down = bare.replace(`:${postgres.port}/`, ':1/');
    await refused(
      world.fog([...up, '--store', down], { env }),
      125,
      /127\.0\.0\.1:1, database "fog/,
    );
    await refused(world.fog([...up, '--blobs', 's3://']), 2, /names no bucket/);
    const fine = await world.up([...UP, '--store', bare], 'flag', env);
    assert.equal((await fine.child.stop()).code, 0);
  });
});
