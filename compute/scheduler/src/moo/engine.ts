/** Multi-objective search: NSGA-II (Deb et al. 2002), and NSGA-III (Deb, Jain 2014) as `survival: 'reference'`. */
import { Archive } from './archive.ts';
import { breed, createFirst } from './breed.ts';
import { checkOptions } from './check-options.ts';
import { createPool, keep, solutionOf } from './pool.ts';
import type { Problem, SearchOptions, SearchResult, Solution } from './problem.ts';
import { seededRandom } from './random.ts';
import { rankPool } from './rank-pool.ts';
import type { Run } from './run.ts';
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
  let generations = 0;
  while (run.stoppedBy === undefined && generations < options.generations) {
    const before = run.evaluations;
    breed(run);
    if (run.evaluations > before) generations += 1;
    else run.stoppedBy ??= 'stall';
    survive(run);
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
    archive: new Archive(options.archive ?? 0),
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

function frontOf<Genome>({ pool, archive }: Run<Genome>): readonly Solution<Genome>[] {
  const archived = archive.front();
  if (archived.length > 0) return archived;
  const first = [...pool.genomes.keys()].filter((index) => pool.ranks[index] === 0);
  return first.map((index) => solutionOf(pool, index));
}
