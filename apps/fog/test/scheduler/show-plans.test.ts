import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isFogError } from '@fog/kernel';
import type { FogClient } from '@fog/server/client';
import type { FogNode, JobDetail, PlacementPlan } from '@fog/wire';
import { runCli } from '../../src/cli.ts';
import type { SchedulerCall } from '../../src/scheduler/scheduler-call.ts';
import { showFront } from '../../src/scheduler/show-plans.ts';
import { scriptedClient } from '../fake-client.ts';
import { createTestHost } from '../fake-host.ts';

const NODE = 'a'.repeat(26);
const point = (latencyMs: number, cost: number): PlacementPlan['front'][0] => ({
  objectives: { latencyMs, imbalance: 0.1, distrust: 0.2, cost, price: cost },
  perNode: { [NODE]: 3 },
});
const plan: PlacementPlan = {
  id: 'p7',
  jobs: ['jabcdefghijkl'],
  asked: 'nsga2',
  strategy: 'nsga2',
  cause: 'its tasks wait',
  time: 0,
  tasks: 3,
  unplaced: 1,
  nodes: 2,
  seed: 1,
  budgetMs: 300,
  decisionMs: 12,
  evaluations: 900,
  generations: 9,
  stoppedBy: 'stall',
  hypervolume: 0.5,
  makespanMs: 4_000,
  weights: { cost: 1 },
  because: 'by the weights of the gold tier',
  excluded: { region: ['b'.repeat(26)] },
  correlations: {},
  front: [point(900, 3e6), point(1_200, 1e6)],
  chosen: 1,
};

function call(
  plans: PlacementPlan[],
  json = false,
  job?: JobDetail,
): { call: SchedulerCall; out: () => string } {
  const host = createTestHost();
  const calls: Partial<FogClient> = {
    fronts: async () => plans,
    ...(job === undefined ? {} : { job: async () => job }),
    nodes: async () => [{ id: NODE, name: 'attic' } as FogNode],
  };
  const unset = { rounds: undefined, expect: undefined, budget: undefined };
  const flags = { json, run: false, strategy: [], ...unset };
  const client = scriptedClient(calls);
  const target = { url: 'http://127.0.0.1:1', token: 'x', source: 'local' } as const;
  const { signal } = new AbortController();
  const rest = ['jabcdefghijkl'];
  return {
    call: { client, target, signal, flags, host, rest, request: undefined },
    out: () => host.out(),
  };
}

describe('the front of a job', () => {
  it('is a table with the chosen point, names of nodes, and a drawing', async () => {
    const { call: one, out } = call([plan]);
    await showFront(one);
    assert.match(
      out(),
      /^plan p7 by nsga2: 3 tasks over 2 nodes in 12 ms, because its tasks wait$/m,
    );
    assert.match(out(), /^ {2}chosen by the weights of the gold tier$/m);
    assert.match(out(), /^ {2}tasks that fit no node: 1$/m);
    assert.match(out(), /^ {2}b{8}: region$/m);
    assert.match(out(), /^\* +1\.2 s +0\.100 +0\.20 +1 +1 +attic 3$/m);
    assert.match(out(), /^ {2}│\*$/m);
  });

  it('is all of the plans as JSON', async () => {
    const { call: one, out } = call([plan], true);
    await showFront(one);
    assert.deepEqual(JSON.parse(out()), { plans: [plan] });
  });

  it('is missing where tasks were placed one by one, which is said', async () => {
    const cases: readonly [Partial<JobDetail['spec']>, JobDetail['state'], RegExp][] = [
      [{}, 'settled', /its tasks went where there is room.*"--strategy nsga2" asks/],
      [{ strategy: 'auto' }, 'running', /its tasks go where there is room/],
      [{ strategy: 'greedy' }, 'running', /"greedy" places each task by itself/],
      [{ strategy: 'round_robin' }, 'settled', /"round_robin" places each task by itself/],
      [{ strategy: 'nsga2' }, 'queued', /none has been made yet; it waits for a node/],
      [{ strategy: 'nsga2' }, 'settled', /none could be made, or it is no longer kept/],
    ];
    for (const [spec, state, expected] of cases) {
      const job = { id: 'jabcdefghijkl', state, cause: 'waits for a node', spec } as JobDetail;
      await assert.rejects(showFront(call([], false, job).call), (error) => {
        assert.match(String(error), expected);
        return isFogError(error, 'FOG_NO_PLAN');
      });
    }
  });
});

describe('fog scheduler', () => {
  it('is refused before any fog is asked', async () => {
    const cases: readonly [readonly string[], RegExp][] = [
      [['fronts'], /Unknown action "fronts"\. Did you mean "front"\?/],
      [['front'], /JOB is missing .*Usage: fog scheduler front JOB/],
      [['front', 'nope'], /"nope" is no job id .*Usage: fog scheduler front JOB/],
      [['front', 'jabcdefghijkl', 'x'], /Unexpected argument "x"/],
      [['status', '--run'], /--run belongs to "fog scheduler compare"/],
      [['compare'], /JOB, -f JOB\.yaml or FILE is missing/],
      [['compare', '--expect', 'soon', 'x.wasm'], /--expect soon: must be a duration/],
      [['compare', '--budget', '1h', 'x.wasm'], /--budget 1h: must be a duration .* at most 2s\./],
      [['compare', '--strategy', 'best', 'x.wasm'], /--strategy best: must be one of greedy, /],
      [['compare', '--rounds', '2', 'x.wasm'], /--rounds goes with --run\./],
      [['compare', '--run', '--expect', '2s', 'x.wasm'], /--expect goes without --run: it is for/],
      [
        ['compare', '--run', '--rounds', '0', 'x.wasm'],
        /--rounds 0: must be a whole number from 1 to 20/,
      ],
      [['compare', '--count', '2', 'jabcdefghijkl'], /--count goes with FILE only/],
      [['compare', '--tier', 'gold', '-f', 'x.yaml'], /--tier goes with FILE only/],
      [['compare', '--count', '0', 'x.wasm'], /--count 0: must be a whole number/],
      [['compare', '/nowhere/x.wasm'], /does not exist/],
    ];
    for (const [line, expected] of cases) {
      const host = createTestHost();
      assert.equal(await runCli(['scheduler', ...line], host), 2, line.join(' '));
      assert.match(host.err(), expected);
    }
  });
});
