/** Tiers and prices in a fog of several processes: copies, refusals, measures, breaches, and all of it after a crash. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { isFogError, systemClock } from '@fog/kernel';
import { createEnrolment } from '@fog/server';
import { openStore } from '@fog/store';
import { waitFor } from '@fog/testkit';
import { type FogWorld, fogWorld, type RunningAgent, type RunningFog } from '@fog/testkit/fog';
import type { SlaTierReport } from '@fog/wire';
import { writeSleepModule } from './sleep-module.ts';

const HELLO = path.resolve(import.meta.dirname, '../../examples/hello.wasm');
const OWNERS = ['ada', 'bob'];
const TASKS = 10;

/** A code to join for each owner; the fog is not running yet. */
async function joinCodes(dataDir: string): Promise<string[]> {
  const store = await openStore({ dir: dataDir });
  const enrolment = createEnrolment(store, systemClock);
  const codes: string[] = [];
  for (const id of OWNERS) {
    const row = { id, name: id, role: 'user', created_at: systemClock.now() };
    await store.write(async (trx) => {
      await trx.insertInto('account').values(row).execute();
    });
    codes.push((await enrolment.issue(id)).code);
  }
  await store.close();
  return codes;
}

describe('the tiers of a fog of two owners', () => {
  let world: FogWorld;
  let fog: RunningFog;
  const agents: RunningAgent[] = [];
  /** Sleeps for some seconds. */
  let naps: string;
  /** Sleeps until it is told to stop. */
  let sleeps: string;

  before(async () => {
    world = await fogWorld();
    const codes = await joinCodes(world.dir.file('fog'));
    fog = await world.up(['--port', '0', '--no-mixnet', '--no-worker']);
    for (const [at, owner] of OWNERS.entries()) {
      const line = fog.joinLine.replace(fog.joinCode, codes[at] ?? '');
      const said = ['--slots', '1', '--name', owner, '--price', 'cpu=1,spot=0.5'];
      agents.push(await world.join(line, said));
    }
    sleeps = world.dir.file('sleep.wasm');
    await writeSleepModule(sleeps, 3_600_000);
    naps = world.dir.file('nap.wasm');
    await writeSleepModule(naps, 5_000);
  });

  after(async () => {
    await world[Symbol.asyncDispose]();
  });

  async function run(
    command: string,
    ...args: string[]
  ): Promise<{ code: number | null; text: string }> {
    const child = world.fog([command, '--data-dir', fog.dataDir, ...args]);
    const { code, stdout, stderr } = await child.ended();
    return { code, text: stdout + stderr };
  }

  async function submit(...args: string[]): Promise<string> {
    const { code, text } = await run('run', '--detach', ...args);
    assert.equal(code, 0, text);
    return text.split('\n')[0] ?? '';
  }

  async function silver(): Promise<SlaTierReport | undefined> {
    return (await fog.client.sla()).tiers.find(({ tier }) => tier === 'silver');
  }

  it('runs two copies of a silver job, on two machines', async () => {
    const id = await submit('--tier', 'silver', naps);
    const { attempts } = await waitFor('both copies', async () => {
      const task = await fog.client.task(id, 0);
      return task.attempts.length === 2 && task;
    });
    assert.equal(new Set(attempts.map(({ node }) => node)).size, 2);
    const { state } = await fog.client.job(id, { waitMs: 30_000 });
    assert.equal(state, 'settled');
    const states = (await fog.client.task(id, 0)).attempts.map((each) => each.state).toSorted();
    // The other was told to stop, or had just ended too.
    assert.match(states.join(), /^accepted,(cancelled|late)$/);
  });

  it('refuses what it cannot promise, and what is no tier', async () => {
    const gold = await run('run', '--tier', 'gold', HELLO);
    assert.equal(gold.code, 126, gold.text);
    assert.match(gold.text, /3 copies on machines of different owners, and this fog has 2/);
    assert.match(gold.text, /or take tier silver/);
    const platinum = await run('run', '--tier', 'platinum', HELLO);
    assert.match(platinum.text, /ada names no region, and the copies must be in different ones/);
    const large = await run('run', '--tier', 'silver', '--cores', '900', HELLO);
    assert.match(large.text, /ada has \d+ cores?, and the job asks for 900/);
    const tin = await run('run', '--tier', 'tin', HELLO);
    assert.equal(tin.code, 2);
    assert.match(tin.text, /--tier .*bronze, silver, gold, platinum/);
  });

  it('measures how a batch was served', async () => {
    const batch = await run('run', '--tier', 'silver', '--count', `${TASKS}`, HELLO);
    assert.equal(batch.code, 0, batch.text);
    const measured = (await silver())?.measured;
    assert.equal(measured?.tasks, TASKS + 1);
    assert.equal(measured?.successPct, 100);
    assert.equal(measured?.starts, 2);
    const { text } = await run('sla');
    assert.match(text, /^silver +1\.2 s +99 % +1 % +2 on different machines +× 2\.5$/m);
    assert.match(text, /^silver +[\d.]+ m?s +100 % /m);
    assert.match(text, /^platinum .* nothing measured$/m);
    assert.match((await run('status')).text, /^tiers +silver /m);
  });

  it('records the breach of a job that a busy fleet keeps waiting, and tells its owner', async () => {
    const busy = await submit('--tier', 'silver', sleeps);
    await waitFor('both machines to be busy', async () => {
      return (await fog.client.task(busy, 0)).attempts.length === 2;
    });
    const late = await submit('--tier', 'silver', HELLO);
    const breach = await waitFor('the breach', async () => {
      return (await fog.client.sla()).breaches.find(({ job }) => job === late);
    });
    assert.deepEqual([breach.kind, breach.tier, breach.limit], ['latency', 'silver', 1_200]);
    assert.ok(breach.value > 1_200);
    assert.match((await run('job', late, 'why')).text, /silver promises 1\.2 s/);
    await fog.client.cancel(busy);
    assert.equal((await fog.client.job(late, { waitMs: 30_000 })).state, 'settled');
    const ended = (await fog.client.sla()).breaches.find(({ job }) => job === late);
    assert.ok((ended?.value ?? 0) >= breach.value);
    assert.match(
      (await run('sla')).text,
      new RegExp(`${late} +silver +(high|medium) +began after`),
    );
  });

  it('shows what each machine asks, and lets its owner change that', async () => {
    const ask = ['nodes', 'route', '--strategy', 'least_loaded', '--explain'] as const;
    assert.match((await run(...ask)).text, /ada .* 0\.5 for 1 h/);
    assert.match((await run(...ask, '--tier', 'silver')).text, /ada .* 2\.5 for 1 h/);
    const changed = await run('nodes', 'price', 'ada', '--price', 'cpu=2,spot=0.25');
    assert.equal(changed.code, 0, changed.text);
    assert.match((await run(...ask)).text, /ada .* 1\.5 for 1 h/);
    const nodes = await fog.client.nodes();
    const ada = nodes.find(({ name }) => name === 'ada')?.id ?? '';
    const prices = { cpuHour: 1, gbHour: 0, gpuHour: 0, spotDiscount: 0 };
    for (const wrong of [
      { ...prices, cpuHour: -1 },
      { ...prices, gbHour: Number.NaN },
      { ...prices, spotDiscount: 1.5 },
    ]) {
      const isRefused = (error: unknown): boolean => isFogError(error, 'WIRE_INVALID');
      await assert.rejects(fog.client.setNodePrices(ada, wrong), isRefused);
    }
  });

  it('knows all of it after a crash', async () => {
    await waitFor('nothing to run', async () => (await fog.client.status()).jobs.open === 0);
    const seen = await fog.client.sla();
    // Counts are stored each second.
    const counted = (await silver())?.measured;
    await waitFor('the counts to be stored', async () => {
      const { time } = await fog.client.status();
      return time > seen.time + 2_000;
    });
    await fog.child.kill();
    await fog.child.gone();
    const { port } = new URL(fog.url);
    fog = await world.up(['--port', port, '--no-mixnet', '--no-worker']);
    assert.deepEqual((await silver())?.measured, counted);
    assert.deepEqual((await fog.client.sla()).breaches, seen.breaches);
    await waitFor('the machines', async () => (await fog.client.status()).nodes.online === 2);
    assert.match((await run('nodes', 'ada')).text, /prices +2 credits a core and hour/);
  });

  it('loses nothing of a silver job with one of its machines', async () => {
    const id = await submit('--tier', 'silver', '--retries', '0', naps);
    await waitFor('both copies', async () => {
      const { attempts } = await fog.client.task(id, 0);
      return attempts.length === 2;
    });
    await agents[0]?.child.kill();
    const { state, exitCode } = await fog.client.job(id, { waitMs: 30_000 });
    assert.deepEqual([state, exitCode], ['settled', 0]);
    assert.equal((await fog.client.task(id, 0)).node, agents[1]?.node);
    const { breaches } = await fog.client.sla();
    assert.equal(breaches.filter(({ job, kind }) => job === id && kind !== 'latency').length, 0);
    const refused = await run('run', '--tier', 'silver', HELLO);
    assert.match(refused.text, /this fog has 1 that can take the job now/);
  });
});
