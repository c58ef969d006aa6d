/** Two coordinators on a real PostgreSQL, a real bucket and a real Redis: whichever is lost, no task is. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createClient, type FogClient } from '@fog/server/client';
import { type Child, waitFor } from '@fog/testkit';
import { type FogWorld, fogWorld, type RunningAgent, type RunningFog } from '@fog/testkit/fog';
import {
  type PostgresServer,
  type RedisServer,
  type S3Server,
  startPostgres,
  startRedis,
  startS3,
} from '@fog/testkit/servers';
import type { FogStatus, ServiceStatus } from '@fog/wire';
import { SLEPT, writeSleepModule } from './sleep-module.ts';
import { assertEachOnce, DEADLINE_MS, HALF, TASK_MS, TASKS } from './sleeping-array.ts';

const UP = ['--port', '0', '--no-mixnet', '--no-worker'];
const WORKERS = 3;

let postgres: PostgresServer;
let redis: RedisServer;
let s3: S3Server;
let databases = 0;
const stack = new AsyncDisposableStack();

before(async () => {
  postgres = stack.use(await startPostgres());
  redis = stack.use(await startRedis());
  s3 = stack.use(await startS3());
});
after(() => stack.disposeAsync());

interface Pair extends AsyncDisposable {
  readonly world: FogWorld;
  readonly database: string;
  readonly leader: RunningFog;
  readonly standby: RunningFog;
  readonly agents: readonly RunningAgent[];
}

/** A fog of two coordinators and three workers that know both. */
async function startPair(): Promise<Pair> {
  databases += 1;
  const database = `fog${databases}`;
  const store = await postgres.createDatabase(database);
  const env = { FOG_STORE: store, FOG_BLOBS: s3.url, FOG_LIVE: redis.url, ...s3.env };
  await using owned = new AsyncDisposableStack();
  const world = owned.use(await fogWorld());
  const leader = await world.up(UP, 'one', env);
  const standby = await world.up(UP, 'two', env);
  assert.deepEqual(standby.url.split(',').length, 2, `one join line for both: ${standby.url}`);
  await writeSleepModule(world.dir.file('sleep.wasm'), TASK_MS);
  const agents: RunningAgent[] = [];
  while (agents.length < WORKERS) {
    agents.push(await world.join(standby.joinLine, ['--slots', '4']));
  }
  const kept = owned.move();
  return {
    world,
    database,
    leader,
    standby,
    agents,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** What the call gives, or nothing while no coordinator can answer. */
const attempt = <T>(call: Promise<T>): Promise<T | undefined> => call.catch(() => undefined);

const runArray = ({ world, standby }: Pair): Child =>
  world.fog([
    'run',
    '--data-dir',
    standby.dataDir,
    '--count',
    `${TASKS}`,
    world.dir.file('sleep.wasm'),
  ]);

const holder = (database: string): Promise<string> =>
  postgres.sql(database, 'select holder from leadership');

/** What a command on the machine of this coordinator talks to: this one, and no other. */
async function endpointOf({ dataDir }: RunningFog): Promise<{ url: string; token: string }> {
  const text = await readFile(path.join(dataDir, 'endpoint.json'), 'utf8');
  return JSON.parse(text) as { url: string; token: string };
}

const localClient = async (fog: RunningFog): Promise<FogClient> =>
  createClient(await endpointOf(fog));

const service = async (client: FogClient, name: string): Promise<ServiceStatus | undefined> =>
  (await attempt(client.services()))?.find((each) => each.name === name);

async function jobOf(client: FogClient): Promise<string> {
  return waitFor('the job', async () => (await attempt(client.jobs()))?.jobs[0]?.id);
}

async function half(client: FogClient, id: string): Promise<void> {
  await waitFor(
    'half of the tasks',
    async () => ((await attempt(client.job(id)))?.tasks.settled ?? 0) >= HALF,
    { deadlineMs: DEADLINE_MS },
  );
}

const roles = (status: FogStatus | undefined): string =>
  (status?.coordinators ?? []).map(({ leads }) => (leads ? 'leads' : 'stands by')).join(', ');

/** The run that was attached all the time has everything, in order; the database has each once. */
async function assertFinished(run: Child, client: FogClient, id: string): Promise<void> {
  const { code, stdout } = await run.ended(DEADLINE_MS);
  assert.equal(code, 0, run.describe());
  assert.equal(stdout, SLEPT.repeat(TASKS));
  await assertEachOnce(client, id);
}

/** First result that was accepted after the moment, in ms after it. */
async function firstAfter(database: string, atMs: number): Promise<number> {
  const where = `state = 'accepted' and ended_at > ${atMs}`;
  return (
    Number(await postgres.sql(database, `select min(ended_at) from attempt where ${where}`)) - atMs
  );
}

async function stopAll(pair: Pair, ...fogs: readonly RunningFog[]): Promise<void> {
  for (const { child } of [...pair.agents, ...fogs]) {
    assert.equal((await child.stop()).code, 0, child.describe());
    await child.gone();
  }
  assert.deepEqual(await pair.world.leftovers(), []);
}

describe('a fog of two coordinators', () => {
  it('loses and doubles nothing when the one that leads is killed', async (t) => {
    await using pair = await startPair();
    const { leader, standby } = pair;
    const status = await standby.client.status();
    assert.equal(roles(status), 'leads, stands by');
    assert.equal(status.addresses?.join(','), standby.url.replaceAll(/,/g, ',http://'));
    const shown = await pair.world.fog(['status', '--data-dir', standby.dataDir]).ended();
    assert.match(shown.stdout, /COORDINATOR.*\n\S+ +leads .*\n\S+ +stands by/);

    const run = runArray(pair);
    const id = await jobOf(standby.client);
    await half(standby.client, id);
    await leader.child.kill();
    const killedAt = Date.now();
    await leader.child.gone();
    await assertFinished(run, standby.client, id);
    t.diagnostic(
      `first result accepted ${await firstAfter(pair.database, killedAt)} ms after the kill`,
    );
    assert.equal((await standby.client.jobs()).jobs.length, 1);
    await stopAll(pair, standby);
  });

  it('goes on without Redis, says so, and recovers when it is back', async () => {
    await using pair = await startPair();
    const { leader, standby } = pair;
    const run = runArray(pair);
    const id = await jobOf(standby.client);
    await half(standby.client, id);
    await redis.kill();
    for (const fog of [leader, standby]) {
      const client = await localClient(fog);
      const live = await waitFor('degraded', async () => {
        const found = await service(client, 'live');
        return found?.health === 'degraded' && found;
      });
      assert.match(
        live.detail ?? '',
        /^Redis at 127\.0\.0\.1:\d+ cannot be used since .*FOG_LIVE\.$/,
      );
    }
    await assertFinished(run, standby.client, id);
    await redis.start();
    for (const fog of [leader, standby]) {
      const client = await localClient(fog);
      await waitFor('healthy', async () => (await service(client, 'live'))?.health === 'healthy');
      assert.ok(!fog.child.describe().includes(redis.password));
    }
    const both = async (): Promise<boolean> =>
      roles(await standby.client.status()) === 'leads, stands by';
    await waitFor('both in the list', both);
    await stopAll(pair, standby, leader);
  });

  it('answers 503 while PostgreSQL is away, and finishes when it is back', async () => {
    await using pair = await startPair();
    const { leader, standby } = pair;
    const run = runArray(pair);
    const id = await jobOf(standby.client);
    await half(standby.client, id);
    await postgres.kill();
    const { url, token } = await endpointOf(leader);
    const answer = await waitFor('a refusal', async () => {
      const response = await fetch(`${url}/api/v1/jobs`, {
        headers: { authorization: `Bearer ${token}` },
      });
      return response.status === 503 && response;
    });
    assert.equal(answer.headers.get('retry-after'), '1');
    const problem = (await answer.json()) as { retryable: boolean; detail: string };
    assert.equal(problem.retryable, true, problem.detail);
    await postgres.start();
    await assertFinished(run, standby.client, id);
    await stopAll(pair, standby, leader);
  });

  it('lets a leader that slept through its lease do nothing more', async () => {
    await using pair = await startPair();
    const { leader, standby } = pair;
    const run = runArray(pair);
    const id = await jobOf(standby.client);
    await half(standby.client, id);
    const before = await holder(pair.database);
    leader.child.signal('SIGSTOP');
    const next = await waitFor('the other to lead', async () => {
      const now = await holder(pair.database);
      return now !== before && now;
    });
    leader.child.signal('SIGCONT');
    await assertFinished(run, standby.client, id);
    const former = await localClient(leader);
    await waitFor('the former to stand by', async () => {
      const [first, second] = (await attempt(former.status()))?.coordinators ?? [];
      return first?.id === next && first.leads && second?.id === before;
    });
    assert.equal((await former.jobs()).jobs.length, 1);
    await stopAll(pair, standby, leader);
  });
});
