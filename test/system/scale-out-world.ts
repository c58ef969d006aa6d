/** Two coordinators on a real PostgreSQL, a real bucket and a real Redis, with workers that know both. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
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
import type { FogStatus } from '@fog/wire';
import { SLEPT, writeSleepModule } from './sleep-module.ts';
import { DEADLINE_MS, HALF, TASK_MS, TASKS } from './sleeping-array.ts';

export const UP = ['--port', '0', '--no-mixnet', '--no-worker'];
const WORKERS = 3;

/** Of all pairs of one test file. */
export interface Servers extends AsyncDisposable {
  readonly postgres: PostgresServer;
  readonly redis: RedisServer;
  readonly s3: S3Server;
}

export async function startServers(): Promise<Servers> {
  await using owned = new AsyncDisposableStack();
  const postgres = owned.use(await startPostgres());
  const redis = owned.use(await startRedis());
  const s3 = owned.use(await startS3());
  const kept = owned.move();
  return { postgres, redis, s3, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

export interface Pair extends AsyncDisposable {
  readonly servers: Servers;
  readonly world: FogWorld;
  readonly database: string;
  readonly leader: RunningFog;
  readonly standby: RunningFog;
  readonly agents: readonly RunningAgent[];
}

/** A fog of two coordinators and three workers that know both. */
export async function startPair(servers: Servers, database: string): Promise<Pair> {
  const { postgres, s3, redis } = servers;
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
    servers,
    world,
    database,
    leader,
    standby,
    agents,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** What the call gives, or nothing while no coordinator can answer. */
export const attempt = <T>(call: Promise<T>): Promise<T | undefined> => call.catch(() => undefined);

export const runArray = ({ world, standby }: Pair): Child =>
  world.fog([
    'run',
    '--data-dir',
    standby.dataDir,
    '--count',
    `${TASKS}`,
    world.dir.file('sleep.wasm'),
  ]);

export const holder = ({ servers, database }: Pair): Promise<string> =>
  servers.postgres.sql(database, 'select holder from leadership');

/** What a command on the machine of this coordinator talks to: this one, and no other. */
export async function endpointOf({ dataDir }: RunningFog): Promise<{ url: string; token: string }> {
  const text = await readFile(path.join(dataDir, 'endpoint.json'), 'utf8');
  return JSON.parse(text) as { url: string; token: string };
}

export const localClient = async (fog: RunningFog): Promise<FogClient> =>
  createClient(await endpointOf(fog));

export async function jobOf(client: FogClient): Promise<string> {
  return waitFor('the job', async () => (await attempt(client.jobs()))?.jobs[0]?.id);
}

export async function half(client: FogClient, id: string): Promise<void> {
  await waitFor(
    'half of the tasks',
    async () => ((await attempt(client.job(id)))?.tasks.settled ?? 0) >= HALF,
    { deadlineMs: DEADLINE_MS },
  );
}

export const roles = (status: FogStatus | undefined): string =>
  (status?.coordinators ?? []).map(({ leads }) => (leads ? 'leads' : 'stands by')).join(', ');

/** The run that was attached all the time has everything, in order; each task has one accepted attempt. */
export async function assertFinished(run: Child, { servers, database }: Pair): Promise<void> {
  const { code, stdout } = await run.ended(DEADLINE_MS);
  assert.equal(code, 0, run.describe());
  assert.equal(stdout, SLEPT.repeat(TASKS));
  const count = (what: string): Promise<string> => servers.postgres.sql(database, `select ${what}`);
  const accepted = "count(*), count(distinct idx) from attempt where state = 'accepted'";
  assert.equal(await count(accepted), `${TASKS}|${TASKS}`);
  assert.equal(await count('count(*), count(distinct idx) from task_result'), `${TASKS}|${TASKS}`);
  assert.equal(await count('count(*) from job'), '1');
}

/** First result that was accepted after the moment, in ms after it. */
export async function firstAfter({ servers, database }: Pair, atMs: number): Promise<number> {
  const where = `state = 'accepted' and ended_at > ${atMs}`;
  return (
    Number(
      await servers.postgres.sql(database, `select min(ended_at) from attempt where ${where}`),
    ) - atMs
  );
}

export async function stopAll(pair: Pair, ...fogs: readonly RunningFog[]): Promise<void> {
  for (const { child } of [...pair.agents, ...fogs]) {
    assert.equal((await child.stop()).code, 0, child.describe());
    await child.gone();
  }
  assert.deepEqual(await pair.world.leftovers(), []);
}
