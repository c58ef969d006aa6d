import type { Pool } from './pool.ts';
import { nonDominatedRanks } from './sort/non-dominated-ranks.ts';

/**
 * Ranks the pool by Deb's rules of feasibility: the feasible by dominance, behind them the infeasible by their
 * violation. Returns the fronts, best first, each in ascending order.
 */
export function rankPool(pool: Pool<unknown>): Int32Array[] {
  const indices = [...pool.genomes.keys()];
  const feasible = indices.filter((index) => pool.violations[index] === 0);
  let fronts = rankFeasible(pool, feasible);
  const infeasible = indices.filter((index) => pool.violations[index] !== 0);
  infeasible.sort((a, b) => violation(pool, a) - violation(pool, b));
  for (const [place, index] of infeasible.entries()) {
    const before = infeasible[place - 1];
    if (before === undefined || violation(pool, before) < violation(pool, index)) fronts += 1;
    pool.ranks[index] = fronts - 1;
  }
  const members: number[][] = Array.from({ length: fronts }, () => []);
  for (const index of indices) members[pool.ranks[index] as number]?.push(index);
  return members.map((front) => Int32Array.from(front));
}

/** Returns how many fronts there are. */
function rankFeasible(pool: Pool<unknown>, feasible: readonly number[]): number {
  const { objectives, points } = pool;
  const gathered = new Float64Array(feasible.length * objectives);
  for (const [place, index] of feasible.entries())
    gathered.set(points.subarray(index * objectives, (index + 1) * objectives), place * objectives);
  const ranks = nonDominatedRanks(gathered, feasible.length, objectives);
  let fronts = 0;
  for (const [place, index] of feasible.entries()) {
    const rank = ranks[place] as number;
    pool.ranks[index] = rank;
    fronts = Math.max(fronts, rank + 1);
  }
  return fronts;
}

function violation(pool: Pool<unknown>, index: number): number {
  return pool.violations[index] as number;
}
