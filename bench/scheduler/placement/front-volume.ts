/** How much better the fronts of the search are than those of a greedy swept over weights in the same time. */
import { hypervolume, type Random, seededRandom } from '@fog/scheduler';
import { pairRules } from '@fog/scheduler/batch/eligibility';
import { addGreedily, plainAims, randomWeights, scoringOf } from '@fog/scheduler/batch/greedy';
import { createInstance, type Instance } from '@fog/scheduler/batch/instance';
import { Plan } from '@fog/scheduler/batch/plan';
import { searchPlans } from '@fog/scheduler/batch/search-plans';
import type { Benchmark } from '../../benchmark.ts';
import { median } from '../../statistics.ts';
import { makeBatch } from './batches.ts';

/** For each of the two, by the clock of the processor: others on the machine do not decide who wins. */
const BUDGET_MS = 400;
const FULL_INSTANCES = 20;
const QUICK_INSTANCES = 4;
const OBJECTIVES = 5;
/** Beyond the worst of the sweep, as a share of its range. */
const MARGIN = 0.1;

type Front = readonly Float64Array[];

export const frontVolume: Benchmark = {
  figures: {
    hvRatio50: { unit: '', target: '≥ 1.03' },
    hvRatio50Worst: { unit: '' },
    hvRatio70: { unit: '', target: '≥ 1.03' },
    hvRatio70Worst: { unit: '' },
    hvInfeasible: { unit: 'instances', target: '0' },
  },
  run: ({ quick, say }) => {
    const count = quick ? QUICK_INSTANCES : FULL_INSTANCES;
    say(`50 tasks on 20 nodes: fronts of ${count} instances at 50 % and 70 % load`);
    const half = ratios(0.5, count);
    const high = ratios(0.7, count);
    const infeasible = [...half, ...high].filter((ratio) => ratio === 0).length;
    return Promise.resolve({
      hvRatio50: median(half),
      hvRatio50Worst: Math.min(...half),
      hvRatio70: median(high),
      hvRatio70Worst: Math.min(...high),
      hvInfeasible: infeasible,
    });
  },
};

/** One for each seed; 0 where the search found nothing feasible and the sweep did. */
function ratios(load: number, count: number): number[] {
  return Array.from({ length: count }, (_, seed) => {
    const { tasks, nodes } = makeBatch({ tasks: 50, nodes: 20, load, seed });
    const rules = pairRules({ seed, strategy: 'nsga2', atOnce: true });
    const instance = createInstance(tasks, nodes, rules);
    const swept = sweep(instance, seededRandom(seed));
    const found = searched(instance, seed);
    if (swept.length === 0) return 1;
    const frame = frameOf(swept);
    return volume(found, frame) / volume(swept, frame);
  });
}

function sweep(instance: Instance, random: Random): Front {
  const isOver = stopwatch();
  const aims = plainAims(instance.ranges);
  const plan = new Plan(instance);
  const points: Float64Array[] = [];
  while (!isOver()) {
    addGreedily(plan, scoringOf(randomWeights(OBJECTIVES, random), aims));
    const { measures, broken } = plan.genome();
    if (broken === 0) points.push(measures.subarray(0, OBJECTIVES));
  }
  return points;
}

function searched(instance: Instance, seed: number): Front {
  const isOver = stopwatch();
  const plan = new Plan(instance);
  const alike = new Float64Array(OBJECTIVES).fill(1);
  addGreedily(plan, scoringOf(alike, plainAims(instance.ranges)));
  const endless = { seed, strategy: 'nsga2', generations: Number.MAX_SAFE_INTEGER } as const;
  const { plans } = searchPlans(instance, plan.nodeOf, endless, isOver);
  const feasible = plans.filter(({ broken }) => broken === 0);
  return feasible.map(({ measures }) => measures.subarray(0, OBJECTIVES));
}

function stopwatch(): () => boolean {
  const used = (): number => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  const end = used() + BUDGET_MS;
  return () => used() >= end;
}

/** 0 is the best of the sweep, 1 its worst. */
interface Frame {
  readonly best: Float64Array;
  readonly range: Float64Array;
}

function frameOf(front: Front): Frame {
  const at = (pick: (...values: number[]) => number): Float64Array =>
    Float64Array.from({ length: OBJECTIVES }, (_, index) =>
      front.reduce((so, point) => pick(so, point[index] as number), front[0]?.[index] as number),
    );
  const best = at(Math.min);
  const worst = at(Math.max);
  return { best, range: worst.map((value, index) => value - (best[index] as number) || 1) };
}

function volume(front: Front, { best, range }: Frame): number {
  const placed = front.map((point) =>
    point.map((value, at) => (value - (best[at] as number)) / (range[at] as number)),
  );
  return hypervolume(nonDominated(placed), new Float64Array(OBJECTIVES).fill(1 + MARGIN));
}

function nonDominated(points: Front): Front {
  const kept: Float64Array[] = [];
  for (const point of points.toSorted((a, b) => total(a) - total(b)))
    if (!kept.some((other) => other.every((value, at) => value <= (point[at] as number))))
      kept.push(point);
  return kept;
}

function total(point: Float64Array): number {
  return point.reduce((sum, value) => sum + value, 0);
}
