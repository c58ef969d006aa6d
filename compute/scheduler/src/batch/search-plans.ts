import { search } from '../moo/engine.ts';
import type { SearchResult } from '../moo/problem.ts';
import { seededRandom } from '../moo/random.ts';
import type { BatchOptions } from './batch-placement.ts';
import { mergeAims } from './correlation.ts';
import { plainAims, scoringOf } from './greedy.ts';
import type { Instance } from './instance.ts';
import type { PlanGenome } from './plan.ts';
import { PlanProblem } from './plan-problem.ts';
import { STRATEGY_WEIGHTS, weightsRow } from './weights.ts';

/** Plans kept of those that none dominates: hardly ever more are found in a second. */
const ARCHIVE = 1_000;
/** The search ends when so many generations brought less than this share. */
const STALL = { generations: 20, share: 0.002 } as const;
/** More tasks have more plans worth keeping apart. */
const populationFor = (tasks: number): number => (tasks <= 50 ? 50 : 100);

export interface FoundPlans {
  /** None of them dominates another. */
  readonly plans: readonly PlanGenome[];
  readonly evaluations: number;
  readonly generations: number;
  readonly stoppedBy: SearchResult<PlanGenome>['stoppedBy'] | 'greedy';
}

/** Searches from the given plan, which breaks nothing, and the greedy plans of all strategies. */
export function searchPlans(
  instance: Instance,
  start: Int32Array,
  options: BatchOptions,
  shouldStop: () => boolean,
): FoundPlans {
  const { seed, maxEvaluations } = options;
  const plain = plainAims(instance.ranges);
  const isMerged = options.mergeCorrelated === true;
  const aims = isMerged ? mergeAims(instance, plain, seededRandom(seed)) : plain;
  const first = Object.values(STRATEGY_WEIGHTS).map((weights) =>
    scoringOf(weightsRow(weights), plain),
  );
  const problem = new PlanProblem(instance, start, aims, first);
  const result = search(problem, {
    seed,
    population: options.population ?? populationFor(instance.order.length),
    generations: options.generations ?? 100,
    crossover: options.crossover ?? 0.8,
    mutation: options.mutation ?? 0.1,
    tournament: options.tournament ?? 3,
    survival: options.survival ?? 'reference',
    seeds: [problem.start],
    archive: ARCHIVE,
    stall: STALL,
    ...(maxEvaluations === undefined ? {} : { maxEvaluations }),
    shouldStop,
  });
  const { evaluations, generations, stoppedBy } = result;
  return {
    plans: result.front.map(({ genome }) => genome),
    evaluations,
    generations,
    stoppedBy,
  };
}
