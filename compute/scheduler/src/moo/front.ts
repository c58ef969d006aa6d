import { solutionOf } from './pool.ts';
import type { Solution } from './problem.ts';
import type { Run } from './run.ts';

/** What the search answers now: the archive, or the first front of the population. */
export function frontOf<Genome>({ pool, archive }: Run<Genome>): readonly Solution<Genome>[] {
  const archived = archive.front();
  if (archived.length > 0) return archived;
  const first = [...pool.genomes.keys()].filter((index) => pool.ranks[index] === 0);
  return first.map((index) => solutionOf(pool, index));
}
