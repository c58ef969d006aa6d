import type { Pool } from './pool.ts';
import { nonDominatedRanks } from './sort/non-dominated-ranks.ts';

/**
 * Ranks the pool by Deb's rules of feasibility: the feasible by dominance, behind them the infeasible by their
 * violation. Returns the fronts, best first, each in ascending order.
 */
export function rankPool(pool: Pool<unknown>): Int32Array[] {
  const feasible: number[] = [];
  const infeasible: number[] = [];
  for (let index = 0; index < pool.genomes.length; index += 1)
    (violation(pool, index) === 0 ? feasible : infeasible).push(index);
  const fronts = rankFeasible(pool, feasible);
  infeasible.sort((a, b) => violation(pool, a) - violation(pool, b));
  for (const [place, index] of infeasible.entries()) {
    const before = infeasible[place - 1];
    if (before === undefined || violation(pool, before) < violation(pool, index)) fronts.push([]);
    pool.ranks[index] = fronts.length - 1;
    fronts.at(-1)?.push(index);
  }
  return fronts.map((front) => Int32Array.from(front));
}

/** In ascending order within a front, as the infeasible are: the sort is stable. */
function rankFeasible(pool: Pool<unknown>, feasible: readonly number[]): number[][] {
  const { objectives, points } = pool;
  const gathered = new Float64Array(feasible.length * objectives);
  let to = 0;
  for (const index of feasible)
    for (let at = index * objectives; at < (index + 1) * objectives; at += 1)
      gathered[to++] = points[at] as number;
  const ranks = nonDominatedRanks(gathered, feasible.length, objectives);
  const fronts: number[][] = [];
  for (const [place, index] of feasible.entries()) {
    const rank = ranks[place] as number;
    pool.ranks[index] = rank;
    while (fronts.length <= rank) fronts.push([]);
    fronts[rank]?.push(index);
  }
  return fronts;
}

function violation(pool: Pool<unknown>, index: number): number {
  return pool.violations[index] as number;
}
