/**
 * Who gets work when some machines are unreliable and some turn bad: 100 nodes (70 good, 15 right in 50 to 80 %,
 * 15 perfect for 60 jobs and then right in 20 %), 400 rounds of 30 jobs. The product's rule beside two others.
 */
import { seededRandom } from '@fog/scheduler';
import type { Benchmark } from '../benchmark.ts';
import { type Rule, type Run, simulate } from './simulate.ts';

const SEEDS = 20;
const QUICK_SEEDS = 5;

export const reputation: Benchmark = {
  figures: {
    failurePct: { unit: '% of jobs', target: '≤ 5.5' },
    failurePctRandom: { unit: '% of jobs' },
    failurePctMean: { unit: '% of jobs' },
    detectJobs: { unit: 'jobs' },
    falseExclusionPct: { unit: '% of good nodes' },
    undetected: { unit: 'attackers', target: '0' },
  },
  run: async ({ quick, say }) => {
    const seeds = quick ? QUICK_SEEDS : SEEDS;
    const runs = (rule: Rule): Run[] => {
      const all = Array.from({ length: seeds }, (_, seed) => {
        const random = seededRandom(seed + 1);
        return simulate(rule, () => random.next());
      });
      say(`${rule}: ${percent(all.map(({ failure }) => failure)).toFixed(2)} % wrong`);
      return all;
    };
    const random = runs('random');
    const mean = runs('mean');
    const product = runs('thompson');
    return {
      failurePct: percent(product.map(({ failure }) => failure)),
      failurePctRandom: percent(random.map(({ failure }) => failure)),
      failurePctMean: percent(mean.map(({ failure }) => failure)),
      detectJobs: average(product.flatMap(({ detectJobs }) => detectJobs)),
      falseExclusionPct: percent(product.map(({ falseExclusion }) => falseExclusion)),
      undetected: average(product.map(({ undetected }) => undetected)),
    };
  },
};

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

function percent(shares: readonly number[]): number {
  return 100 * average(shares);
}
