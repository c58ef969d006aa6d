/** How long decisions take: a large batch within its budget, and single tasks on a large fleet. */
import { place, placeBatch } from '@fog/scheduler';
import type { Benchmark } from '../../benchmark.ts';
import { median } from '../../statistics.ts';
import { makeBatch } from './batches.ts';

const BUDGET_MS = 350;
const SINGLES_MS = 1_000;

export const decisions: Benchmark = {
  figures: {
    decisionMs1000x100: { unit: 'ms', target: '< 500' },
    decisionPlans1000x100: { unit: 'plans' },
    greedyMs1000x100: { unit: 'ms' },
    greedyPerSecond5000: { unit: 'decisions/s', target: '≥ 1,000' },
  },
  run: ({ quick, say }) => {
    say('1,000 tasks on 100 nodes, and singles on 5,000');
    const repeats = quick ? 4 : 12;
    const decided = Array.from({ length: repeats }, (_, seed) => decide(seed, 'nsga2'));
    const greedy = Array.from({ length: repeats }, (_, seed) => decide(seed, 'greedy'));
    // The first of each compiles.
    return Promise.resolve({
      decisionMs1000x100: median(decided.slice(1).map(({ ms }) => ms)),
      decisionPlans1000x100: median(decided.slice(1).map(({ evaluations }) => evaluations)),
      greedyMs1000x100: median(greedy.slice(1).map(({ ms }) => ms)),
      greedyPerSecond5000: singlesPerSecond(),
    });
  },
};

/** Every task its own kind: nothing is shared between equal ones. */
function decide(
  seed: number,
  strategy: 'nsga2' | 'greedy',
): { readonly ms: number; readonly evaluations: number } {
  const { tasks, nodes } = makeBatch({ tasks: 1_000, nodes: 100, load: 3, seed, less: 'due' });
  const from = performance.now();
  const { indicators, unplaced } = placeBatch(tasks, nodes, {
    seed,
    strategy,
    budgetMs: BUDGET_MS,
    nowMs: () => performance.now(),
  });
  if (unplaced.length > 0) throw new Error(`${unplaced.length} tasks found no node`);
  return { ms: performance.now() - from, evaluations: indicators.evaluations };
}

function singlesPerSecond(): number {
  const { tasks, nodes } = makeBatch({ tasks: 200, nodes: 5_000, load: 0.01, seed: 1 });
  const end = performance.now() + SINGLES_MS;
  let count = 0;
  const from = performance.now();
  while (performance.now() < end) {
    const task = tasks[count % tasks.length];
    if (task !== undefined && place([task], nodes, { seed: count }).unplaced.length > 0)
      throw new Error('a task found no node');
    count += 1;
  }
  return (count * 1000) / (performance.now() - from);
}
