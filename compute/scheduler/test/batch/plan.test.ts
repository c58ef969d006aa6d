import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { placeBatch, seededRandom } from '../../src/index.ts';
import { pairRules } from '../../src/batch/eligibility.ts';
import { plainAims, randomWeights, scoringOf } from '../../src/batch/greedy.ts';
import { createInstance, type Instance } from '../../src/batch/instance.ts';
import { MEASURES, Plan, type Scoring } from '../../src/batch/plan.ts';
import { repair } from '../../src/batch/repair.ts';
import { node, task } from '../fixture.ts';
import { latenciesOf } from './slow-timeline.ts';
import { someNodes, someTasks } from './small-batches.ts';

function near(actual: Float64Array, expected: Float64Array): void {
  for (const [at, value] of expected.entries()) {
    const gap = Math.abs((actual[at] as number) - value);
    assert(
      gap <= 1e-9 * Math.max(1, Math.abs(value)),
      `measure ${at}: ${actual[at]}, not ${value}`,
    );
  }
}

function randomPlan(instance: Instance, seed: number): Plan {
  const random = seededRandom(seed);
  const plan = new Plan(instance);
  plan.load(
    plan.nodeOf.map((_, turn) => {
      const able = instance.eligibleOf(turn);
      return able[random.below(able.length)] as number;
    }),
  );
  return plan;
}

/** As a sum, with what is broken in it. */
function scoreOf(plan: Plan, scoring: Scoring): number {
  const { measures, broken } = plan.genome();
  return measures.reduce((sum, value, at) => sum + value * (scoring[at] as number), 1e6 * broken);
}

test('property: a plan that was changed task by task measures as one that was loaded', () => {
  fc.assert(
    fc.property(someTasks, someNodes, fc.nat(), fc.boolean(), (tasks, nodes, seed, atOnce) => {
      const rules = pairRules({ seed, strategy: 'nsga2', atOnce });
      const instance = createInstance(tasks, nodes, rules);
      fc.pre(instance.order.length > 0);
      const random = seededRandom(seed);
      const plan = randomPlan(instance, seed);
      const weights = randomWeights(5, random);
      const scoring = scoringOf(weights, plainAims(instance.ranges));
      for (let step = 0; step < 12; step += 1) {
        const before = scoreOf(plan, scoring);
        plan.relocate(random.below(plan.nodeOf.length), scoring);
        const after = scoreOf(plan, scoring);
        assert(
          after <= before + 1e-6 * Math.abs(before) + 1e-9,
          'a relocation never makes it worse',
        );
        const fresh = new Plan(instance);
        fresh.load(plan.nodeOf);
        near(plan.genome().measures, fresh.genome().measures);
        assert(Math.abs(plan.genome().broken - fresh.genome().broken) < 1e-9);
      }
    }),
    { numRuns: 150 },
  );
});

test('property: the latency of a plan is what its tasks take, by a timeline of its own', () => {
  fc.assert(
    fc.property(someTasks, someNodes, fc.boolean(), (tasks, nodes, atOnce) => {
      const found = placeBatch(tasks, nodes, { seed: 1, strategy: 'greedy', atOnce });
      const latencies = [...latenciesOf(found, tasks, nodes, atOnce).values()];
      fc.pre(latencies.length > 0);
      const mean = latencies.reduce((sum, each) => sum + each, 0) / latencies.length;
      assert(Math.abs((found.front[0]?.objectives.latencyMs ?? 0) - mean) < 1e-6);
    }),
  );
});

test('property: repair breaks nothing that was whole, and mends what can be mended', () => {
  fc.assert(
    fc.property(someTasks, someNodes, fc.nat(), (tasks, nodes, seed) => {
      const rules = pairRules({ seed, strategy: 'nsga2', atOnce: true });
      const instance = createInstance(tasks, nodes, rules);
      fc.pre(instance.order.length > 0);
      const plan = randomPlan(instance, seed);
      const before = plan.genome();
      const isWhole = repair(plan, new Float64Array(MEASURES), seededRandom(seed));
      assert.equal(isWhole, plan.genome().broken === 0);
      if (before.broken === 0) assert.deepEqual(plan.nodeOf, before.nodeOf);
      assert.equal(isWhole, isPlaceable(instance));
    }),
    { numRuns: 150 },
  );
});

/** By trying every plan. */
function isPlaceable(instance: Instance): boolean {
  const plan = new Plan(instance);
  const count = instance.order.length;
  const place = (turn: number): boolean => {
    if (turn === count) return plan.genome().broken === 0;
    return [...instance.eligibleOf(turn)].some((on) => {
      plan.add(turn, on);
      const isDone = plan.genome().broken === 0 && place(turn + 1);
      plan.remove(turn);
      return isDone;
    });
  };
  return place(0);
}

test('an empty node is exactly as it was', () => {
  const instance = createInstance(
    [task({ expectedMs: 333 }), task({ expectedMs: 777 })],
    [node('a', { prices: { cpuHour: 7_777, gbHour: 333, gpuHour: 0 } }), node('b')],
    pairRules({ seed: 1, strategy: 'greedy' }),
  );
  const plan = new Plan(instance);
  for (const turn of [0, 1]) plan.add(turn, 0);
  for (const turn of [0, 1]) plan.remove(turn);
  assert.equal(plan.genome().measures[4], 0);
});
