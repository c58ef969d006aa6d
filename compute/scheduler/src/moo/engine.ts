/** Multi-objective search: NSGA-II (Deb et al. 2002), and NSGA-III (Deb, Jain 2014) as `survival: 'reference'`. */
import { Archive } from './archive.ts';
import { breed, createFirst } from './breed.ts';
import { checkOptions } from './check-options.ts';
import { frontOf } from './front.ts';
import { createPool, keep } from './pool.ts';
import type { Problem, SearchOptions, SearchResult } from './problem.ts';
import { seededRandom } from './random.ts';
import { rankPool } from './rank-pool.ts';
import type { Run } from './run.ts';
import { StallWatch } from './stall.ts';
import { crowdingSurvival } from './survival/crowding-survival.ts';
import { createReferenceSurvival } from './survival/reference-survival.ts';

/** Pure but for `shouldStop`; equal arguments and evaluations give an equal result. */
export function search<Genome>(
  problem: Problem<Genome>,
  options: SearchOptions<Genome>,
): SearchResult<Genome> {
  checkOptions(problem, options);
  const run = begin(problem, options);
  createFirst(run);
  survive(run);
  const watch = new StallWatch(run);
  let generations = 0;
  while (run.stoppedBy === undefined && generations < options.generations) {
    const before = run.evaluations;
    breed(run);
    if (run.evaluations > before) generations += 1;
    else run.stoppedBy ??= 'stall';
    survive(run);
    if (watch.isStalled(generations)) run.stoppedBy ??= 'stall';
  }
  return {
    front: frontOf(run),
    evaluations: run.evaluations,
    generations,
    stoppedBy: run.stoppedBy ?? 'generations',
  };
}

function begin<Genome>(problem: Problem<Genome>, options: SearchOptions<Genome>): Run<Genome> {
  const { population, seeds = [] } = options;
  return {
    problem,
    options,
    random: seededRandom(options.seed),
    pool: createPool(Math.max(2 * population, seeds.length), problem.objectives),
    archive: new Archive(options.archive ?? 0, problem.objectives),
    survival:
      options.survival === 'reference'
        ? createReferenceSurvival(problem.objectives, population)
        : crowdingSurvival,
    taken: new Set(),
    evaluations: 0,
    stoppedBy: undefined,
  };
}

function survive({ pool, taken, survival, options, random }: Run<unknown>): void {
  const fronts = rankPool(pool);
  keep(pool, survival({ pool, fronts, room: options.population, random }));
  taken.clear();
  for (const key of pool.keys) taken.add(key);
}
