/** How far the search stays from the proven bound of small batches. */
import { search, seededRandom } from '@fog/scheduler';
import { admit } from '@fog/scheduler/batch/admit';
import { pairRules } from '@fog/scheduler/batch/eligibility';
import { createInstance, type Instance } from '@fog/scheduler/batch/instance';
import { PlanProblem } from '@fog/scheduler/batch/plan-problem';
import type { Benchmark } from '../../benchmark.ts';
import { median } from '../../statistics.ts';
import { makeBatch } from './batches.ts';
import { costUnit, optimumOf, PEAK_WEIGHT } from './optimum.ts';

const FULL_INSTANCES = 12;
const QUICK_INSTANCES = 3;
/** What a small batch is worth. */
const EVALUATIONS = 500;

export const optimumGap: Benchmark = {
  figures: {
    gapMedianPct: { unit: '%', target: '≤ 5' },
    gapWorstPct: { unit: '%', target: '≤ 12' },
    gapUnproven: { unit: 'instances' },
    infeasible: { unit: 'instances', target: '0' },
  },
  run: async ({ quick, say }) => {
    const gaps: number[] = [];
    let [infeasible, unproven] = [0, 0];
    for (let seed = 0; seed < (quick ? QUICK_INSTANCES : FULL_INSTANCES); seed += 1) {
      const instance = smallInstance(seed);
      const optimum = await optimumOf(instance);
      if (optimum === undefined) {
        unproven += 1;
        continue;
      }
      const found = bestOf(instance, seed);
      if (found === undefined && optimum.isFeasible) infeasible += 1;
      if (found === undefined || !optimum.isFeasible) continue;
      gaps.push((found / optimum.bound - 1) * 100);
      say(`20 tasks on 6 nodes: ${gaps.at(-1)?.toFixed(1)} % above the bound`);
    }
    return {
      gapMedianPct: median(gaps),
      gapWorstPct: Math.max(...gaps),
      gapUnproven: unproven,
      infeasible,
    };
  },
};

/** Without what a linear program cannot say. */
function smallInstance(seed: number): Instance {
  const { tasks, nodes } = makeBatch({ tasks: 20, nodes: 6, load: 0.7, seed, less: 'ties' });
  return createInstance(tasks, nodes, pairRules({ seed, strategy: 'nsga2', atOnce: true }));
}

/** Undefined when no feasible plan was found. */
function bestOf(instance: Instance, seed: number): number | undefined {
  const aim = Float64Array.of(0, 0, 0, 1 / costUnit(instance), 0, PEAK_WEIGHT);
  const { nodeOf } = admit(instance, aim, seededRandom(seed));
  if (nodeOf.includes(-1)) return undefined;
  const problem = new PlanProblem(instance, nodeOf, [aim], []);
  const { front } = search(problem, {
    seed,
    population: 50,
    generations: Number.MAX_SAFE_INTEGER,
    crossover: 0.8,
    mutation: 0.1,
    tournament: 3,
    survival: 'crowding',
    seeds: [problem.start],
    maxEvaluations: EVALUATIONS,
  });
  const feasible = front.filter(({ violation }) => violation === 0);
  return feasible.length === 0
    ? undefined
    : Math.min(...feasible.map(({ objectives }) => objectives[0] as number));
}
