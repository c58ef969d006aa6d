import { createPool, type Pool } from '../../src/moo/pool.ts';

/** A pool of the given points; the genome is the place. */
export function poolOf(
  points: readonly (readonly number[])[],
  violations: readonly number[] = [],
): Pool<number> {
  const pool = createPool<number>(points.length, points[0]?.length ?? 1);
  pool.points.set(points.flat());
  pool.violations.set(violations);
  for (const index of points.keys()) {
    pool.genomes.push(index);
    pool.keys.push(index);
  }
  return pool;
}
