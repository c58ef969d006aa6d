import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type BatchOptions,
  type BatchPlacement,
  type Objectives,
  placeBatch,
  type PlacementNode,
  type PlacementTask,
} from '../../src/index.ts';
import { pairRules } from '../../src/batch/eligibility.ts';
import { createInstance } from '../../src/batch/instance.ts';
import { Plan } from '../../src/batch/plan.ts';
import { node, task } from '../fixture.ts';

const nodes: readonly PlacementNode[] = [
  node('fast', { speed: 3, trust: 0.5, prices: { cpuHour: 9e6, gbHour: 0, gpuHour: 0 } }),
  node('known', { owner: 'bob', trust: 0.97, prices: { cpuHour: 5e6, gbHour: 0, gpuHour: 0 } }),
  node('cheap', { owner: 'cat', speed: 0.4, trust: 0.4, rttMs: 90 }),
];
const tasks: readonly PlacementTask[] = Array.from({ length: 6 }, (_, index) =>
  task({ expectedMs: 800 + 300 * index, inputBytes: 200_000, module: `m${index % 2}` }),
);

const search = (over: Partial<BatchOptions> = {}): BatchPlacement =>
  placeBatch(tasks, nodes, { seed: 7, strategy: 'nsga2', ...over });

function rowOf({ latencyMs, imbalance, distrust, cost, price }: Objectives): number[] {
  return [latencyMs, imbalance, distrust, cost, price];
}

function dominates(a: readonly number[], b: readonly number[]): boolean {
  const slack = a.map((value) => value - 1e-9 * Math.max(1, Math.abs(value)));
  const isNowhereWorse = slack.every((value, at) => value <= (b[at] as number));
  return isNowhereWorse && a.some((value, at) => value < (b[at] as number) * (1 - 1e-9) - 1e-9);
}

/** Objectives of every plan there is. */
function everyPlan(): number[][] {
  const instance = createInstance(tasks, nodes, pairRules({ seed: 1, strategy: 'greedy' }));
  const count = nodes.length ** tasks.length;
  return Array.from({ length: count }, (_, number) => {
    const plan = new Plan(instance);
    const digit = (turn: number): number =>
      Math.floor(number / nodes.length ** turn) % nodes.length;
    plan.load(plan.nodeOf.map((_, turn) => digit(turn)));
    return [...plan.genome().measures.subarray(0, 5)];
  });
}

test('on a batch that can be counted through, the front is nearly all that none dominates', () => {
  const all = everyPlan();
  const best = all.filter((one) => !all.some((other) => dominates(other, one)));
  const { front } = search({ population: 60, generations: 60 });
  const found = front.map(({ objectives }) => rowOf(objectives));
  for (const one of found) assert(!found.some((other) => dominates(other, one)));
  const optimal = found.filter((one) => !best.some((other) => dominates(other, one)));
  assert(optimal.length >= 0.95 * found.length, `${optimal.length} of ${found.length} are optimal`);
  for (let at = 0; at < 5; at += 1) {
    const least = (points: readonly number[][]): number =>
      Math.min(...points.map((point) => point[at] as number));
    assert(least(found) <= least(best) * (1 + 1e-6) + 1e-9, `objective ${at}`);
  }
});

test('no named strategy beats the choice of the search in everything', () => {
  const { front, chosen } = search();
  const own = rowOf((front[chosen] as BatchPlacement['front'][number]).objectives);
  for (const strategy of ['greedy', 'latency_first', 'load_balance', 'trust_first'] as const) {
    const other = search({ strategy }).front[0];
    assert(other !== undefined && !dominates(rowOf(other.objectives), own), strategy);
  }
});

test('equal seeds and evaluations decide equally, whatever ended the search', () => {
  assert.deepEqual(search({ maxEvaluations: 300 }), search({ maxEvaluations: 300 }));
  let calls = 0;
  // A clock that moves when it is read.
  const nowMs = (): number => (calls += 1);
  const stopped = search({ budgetMs: 137, nowMs });
  assert.equal(stopped.indicators.stoppedBy, 'budget');
  const { evaluations } = stopped.indicators;
  assert(evaluations > 1, `${evaluations}`);
  const replayed = search({ maxEvaluations: evaluations });
  assert.deepEqual(replayed.assignments, stopped.assignments);
  assert.deepEqual(replayed.front, stopped.front);
});

test('no time is enough for the greedy answer', () => {
  let calls = 0;
  const weights = { latencyMs: 1, imbalance: 1, distrust: 1, cost: 1, price: 1 };
  const hasty = search({ budgetMs: 1, nowMs: () => (calls += 1), weights });
  assert.equal(hasty.indicators.stoppedBy, 'budget');
  assert.deepEqual(hasty.assignments, search({ strategy: 'greedy', weights }).assignments);
  assert.equal(hasty.indicators.evaluations, 1);
});

test('both survivals and all settings of the search are taken', () => {
  for (const survival of ['crowding', 'reference'] as const) {
    const settings = { population: 12, generations: 3, crossover: 0.5, mutation: 1, tournament: 2 };
    const { indicators, front, chosen } = search({ survival, ...settings });
    assert.equal(indicators.generations, 3);
    assert.equal(indicators.stoppedBy, 'generations');
    assert(indicators.hypervolume > 0 && indicators.hypervolume < 1);
    assert(chosen >= 0 && chosen < front.length);
  }
});

test('the tier decides where on the front: the higher, the faster and the more trusted, at a price', () => {
  const of = (tier: NonNullable<PlacementTask['tier']>): Objectives => {
    const tiered = tasks.map((one) => ({ ...one, tier }));
    const found = placeBatch(tiered, nodes, { seed: 7, strategy: 'nsga2' });
    assert.match(found.explain.because, new RegExp(`^of \\d+ plans .* the ${tier} tier: latency`));
    return (found.front[found.chosen] as BatchPlacement['front'][number]).objectives;
  };
  const [bronze, platinum] = [of('bronze'), of('platinum')];
  assert(bronze.cost < platinum.cost);
  assert(platinum.distrust < bronze.distrust || platinum.latencyMs < bronze.latencyMs);
});

test('cost and price rise and fall together: it is reported, and they are merged when asked', () => {
  const { correlations } = search().indicators;
  assert.equal(Object.keys(correlations).length, 10);
  assert((correlations['cost~price'] ?? 0) > 0.9);
  const merged = search({ mergeCorrelated: true });
  const rows = merged.front.map(({ objectives }) => rowOf(objectives));
  for (const one of rows) assert(!rows.some((other) => dominates(other, one)));
});

test('nothing to place, nowhere to place it, and one node', () => {
  const options = { seed: 1, strategy: 'nsga2' } as const;
  const none = placeBatch([], nodes, options);
  assert.deepEqual([none.assignments, none.unplaced, none.front, none.chosen], [[], [], [], -1]);
  const nowhere = placeBatch([task()], [], options);
  assert.deepEqual(nowhere.unplaced, [{ task: 0, because: [] }]);
  assert.equal(nowhere.explain.because, 'no task can be placed');
  const one = placeBatch(tasks, [node('a')], options);
  assert.equal(one.assignments.length, tasks.length);
  assert.deepEqual(one.front[0]?.perNode, { a: tasks.length });
});

test('ten thousand nodes for as many kinds of tasks as there are tasks', () => {
  const fleet = Array.from({ length: 10_000 }, (_, index) =>
    node(`n${index}`, { speed: 1 + (index % 7), trust: (index % 10) / 10, slots: 1 }),
  );
  const many = Array.from({ length: 110 }, (_, index) => task({ expectedMs: 500 + index }));
  const found = placeBatch(many, fleet, { seed: 1, strategy: 'load_balance' });
  assert.equal(new Set(found.assignments.map((one) => one.node)).size, 110);
});
