/** What a generation of five objectives costs beside the evaluation of its children. */
import { search } from '@fog/scheduler';
import type { Benchmark } from '../../benchmark.ts';
import { median } from '../../statistics.ts';
import { dtlz2 } from './dtlz.ts';
import { realCoded } from './real-coded.ts';

const GENERATIONS = 100;

export const generation: Benchmark = {
  figures: { generationMs: { unit: 'ms', target: '≤ 1.5' } },
  run: async ({ quick, say }) => {
    say('a generation of 100 with five objectives');
    const runs = Array.from({ length: quick ? 12 : 40 }, (_, seed) => millisPerGeneration(seed));
    // The first runs are compilation.
    return { generationMs: median(runs.slice(2)) };
  },
};

/** Selection, variation, ranking and survival. */
function millisPerGeneration(seed: number): number {
  const problem = realCoded(dtlz2(5), { crossover: 15, mutation: 20 });
  let evaluationMs = 0;
  const from = performance.now();
  search(
    {
      ...problem,
      evaluate: (genome, out) => {
        const before = performance.now();
        const violation = problem.evaluate(genome, out);
        evaluationMs += performance.now() - before;
        return violation;
      },
    },
    {
      seed,
      population: 100,
      generations: GENERATIONS,
      crossover: 0.9,
      mutation: 1,
      tournament: 2,
      survival: 'crowding',
    },
  );
  return (performance.now() - from - evaluationMs) / GENERATIONS;
}
