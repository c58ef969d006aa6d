/** Candidates side by side, by columns: what the generations work on. */
import type { Solution } from './problem.ts';

export interface Pool<Genome> {
  readonly objectives: number;
  readonly genomes: Genome[];
  readonly keys: (string | number)[];
  /** `objectives` values per candidate. */
  readonly points: Float64Array;
  readonly violations: Float64Array;
  /** Front of each; the infeasible come behind all feasible. Set by survival, as `crowding` is. */
  readonly ranks: Int32Array;
  readonly crowding: Float64Array;
}

export function createPool<Genome>(capacity: number, objectives: number): Pool<Genome> {
  return {
    objectives,
    genomes: [],
    keys: [],
    points: new Float64Array(capacity * objectives),
    violations: new Float64Array(capacity),
    ranks: new Int32Array(capacity),
    crowding: new Float64Array(capacity),
  };
}

/** The objectives of one candidate, as a view. */
export function pointOf(pool: Pool<unknown>, index: number): Float64Array {
  return pool.points.subarray(index * pool.objectives, (index + 1) * pool.objectives);
}

export function solutionOf<Genome>(pool: Pool<Genome>, index: number): Solution<Genome> {
  return {
    genome: pool.genomes[index] as Genome,
    objectives: pointOf(pool, index).slice(),
    violation: pool.violations[index] as number,
  };
}

/** Drops all but the given candidates, which are in ascending order. */
export function keep(pool: Pool<unknown>, survivors: Int32Array): void {
  for (const [to, from] of survivors.entries()) {
    pool.genomes[to] = pool.genomes[from];
    pool.keys[to] = pool.keys[from] as string | number;
    pool.points.copyWithin(
      to * pool.objectives,
      from * pool.objectives,
      (from + 1) * pool.objectives,
    );
    pool.violations[to] = pool.violations[from] as number;
    pool.ranks[to] = pool.ranks[from] as number;
    pool.crowding[to] = pool.crowding[from] as number;
  }
  pool.genomes.length = survivors.length;
  pool.keys.length = survivors.length;
}
