/** Batches on a fleet of unequal machines: strategies side by side, plans that outlive machines, fronts that outlive the fog. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { FogClient } from '@fog/server/client';
import { waitFor } from '@fog/testkit';
import { type FogWorld, fogWorld, type RunningAgent, type RunningFog } from '@fog/testkit/fog';
import { PLACEMENT_STRATEGIES } from '@fog/wire';
import { ended, settled } from './sleeping-array.ts';
import { writeSleepModule } from './sleep-module.ts';

const TASKS = 200;
const TASK_MS = 60;
/** Slots and credits an hour of a core: who is quick is dear. */
const MACHINES = [
  [1, 0.1],
  [1, 0.2],
  [2, 0.4],
  [2, 0.8],
  [3, 1.2],
  [4, 2],
] as const;

interface ComparedRun {
  readonly strategy: string;
  readonly job: string;
  readonly makespanMs: number;
  readonly cost: number;
  readonly failures: number;
  readonly perNode: Readonly<Record<string, number>>;
}

describe('batches on a fleet of unequal machines', () => {
  let world: FogWorld;
  let fog: RunningFog;
  let module: string;
  const agents: RunningAgent[] = [];

  before(async () => {
    world = await fogWorld();
    fog = await world.up(['--port', '0', '--no-mixnet', '--no-worker']);
    module = world.dir.file('sleep.wasm');
    await writeSleepModule(module, TASK_MS);
    for (const [at, [slots, price]] of MACHINES.entries()) {
      const said = ['--slots', `${slots}`, '--price', `cpu=${price},spot=0.2`, '--name', `m${at}`];
      agents.push(await world.join(fog.joinLine, said));
    }
  });

  after(async () => {
    await world[Symbol.asyncDispose]();
  });

  async function run(...args: string[]): Promise<{ code: number; text: string; stdout: string }> {
    const child = world.fog([...args.slice(0, 1), '--data-dir', fog.dataDir, ...args.slice(1)]);
    const { code, stdout, stderr } = await child.ended(240_000);
    return { code, stdout, text: stdout + stderr };
  }

  it('go through under every strategy, and what that took is told', async (t) => {
    const line = ['compare', '--run', '--rounds', '1', '--json', '--count', `${TASKS}`, module];
    const { code, stdout, text } = await run('scheduler', ...line);
    assert.equal(code, 0, text);
    const { runs } = JSON.parse(stdout) as { runs: ComparedRun[] };
    assert.deepEqual(
      runs.map(({ strategy }) => strategy),
      PLACEMENT_STRATEGIES,
    );
    for (const each of runs) {
      t.diagnostic(`${each.strategy}: ${each.makespanMs} ms, ${each.cost} µ-credits`);
      assert.equal(each.failures, 0);
      assert.equal(sumOf(each.perNode), TASKS);
    }
    const [quick, cheap] = ['latency_first', 'cost_optimize'].map((name) =>
      runs.find(({ strategy }) => strategy === name),
    );
    assert.ok((cheap?.cost ?? Infinity) < (quick?.cost ?? 0), 'who pays more waits less');
  });

  it('are forecast, and none of the strategies beats the search in everything', async () => {
    const line = ['compare', '--json', '--count', `${TASKS}`, '--expect', '2s', module];
    const { code, stdout, text } = await run('scheduler', ...line);
    assert.equal(code, 0, text);
    const answer = JSON.parse(stdout) as {
      nodes: number;
      forecasts: { strategy: string; unplaced: number; dominatedBy: string[] }[];
    };
    assert.equal(answer.nodes, MACHINES.length);
    assert.ok(answer.forecasts.every(({ unplaced }) => unplaced === 0));
    const search = answer.forecasts.find(({ strategy }) => strategy === 'nsga2');
    assert.deepEqual(search?.dominatedBy, []);
    const table = await run('scheduler', 'compare', '--count', '9', '--budget', '1ms', module);
    assert.match(table.text, /^nsga2 +\S+ /m);
    const nowhere = await run('scheduler', 'compare', '--region', 'mars', module);
    assert.match(nowhere.text, /not on m\d.*: region/);
    const refused = await run('scheduler', 'compare', '--tier', 'gold', module);
    assert.equal(refused.code, 126, refused.text);
    assert.match(refused.text, /Tier gold runs 3 copies/);
  });

  it('lose nothing when a machine is killed in the middle of a plan', async () => {
    const job = ['run', '--detach', '--strategy', 'nsga2', '--count', `${TASKS}`, module];
    const { stdout } = await run(...job);
    const id = stdout.trim();
    await settled(fog.client, id, 20);
    await agents[5]?.child.kill();
    assert.equal(await ended(fog.client, id), 'settled');
    await assertEachOnce(fog.client, id);
    const why = await run('job', id, 'why');
    assert.match(why.text, /^plan p\d+ by nsga2: /m);
    assert.match(why.text, /chosen .*latency\s.*,\s+imbalance\s.*,\s+cost\s/s);
    const front = await run('scheduler', 'front', id);
    assert.match(front.text, /^\* +\S+ /m);
    const again = await run('scheduler', 'compare', id);
    assert.match(again.text, /^200 tasks over \d nodes, .* each on a usual node \(as measured\)$/m);
    assert.match(await metrics(fog), /^fog_coordinator_plans_total\{strategy="nsga2"\} \d+$/m);
    assert.match((await run('scheduler')).text, /^plans +\d+ by /m);
    assert.match((await run('status')).text, /^scheduler \d+ plans made/m);
  });

  it('can be explained after the fog was killed', async () => {
    const before = await fog.client.fronts();
    assert.ok(before.length > 0);
    const { port } = new URL(fog.url);
    await fog.child.kill();
    fog = await world.up(['--port', port, '--no-mixnet', '--no-worker']);
    assert.deepEqual(await fog.client.fronts(), before);
    await waitFor('the machines to be back', async () => {
      const nodes = await fog.client.nodes();
      return nodes.filter(({ status }) => status === 'idle').length >= MACHINES.length - 1;
    });
  });

  it('say what is wrong with a question', async () => {
    const cases: [string[], RegExp][] = [
      [['front'], /JOB is missing/],
      [['front', 'jaaaaaaaaaaaa'], /There is no job jaaaaaaaaaaaa/],
      [['compare'], /JOB, -f JOB.yaml or FILE is missing/],
      [['compare', '--strategy', 'best', '--run', module], /must be one of greedy, nsga2/],
      [['compare', '--expect', 'soon', module], /--expect soon: must be a duration/],
      [['--run'], /--run belongs to "fog scheduler compare"/],
      [['fronts'], /Did you mean "front"\?/],
    ];
    for (const [line, expected] of cases) {
      const { code, text } = await run('scheduler', ...line);
      assert.equal(code, 2, text);
      assert.match(text, expected);
    }
  });
});

async function metrics({ dataDir, url }: RunningFog): Promise<string> {
  const text = await readFile(path.join(dataDir, 'endpoint.json'), 'utf8');
  const { token } = JSON.parse(text) as { token: string };
  const headers = { authorization: `Bearer ${token}` };
  return (await fetch(`${url}/metrics`, { headers })).text();
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

async function assertEachOnce(client: FogClient, id: string): Promise<void> {
  const { results } = await client.results(id, { limit: TASKS });
  assert.equal(results.length, TASKS);
  for (const { index } of results) {
    const { attempts } = await client.task(id, index);
    assert.equal(attempts.filter(({ state }) => state === 'accepted').length, 1);
  }
}
