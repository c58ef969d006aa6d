/** What the search knows of a problem, what it is told, and what it answers. */
import type { Random } from './random.ts';

export interface Problem<Genome> {
  /** How many; all are minimised. */
  readonly objectives: number;
  /** Writes the objectives to `out`; returns the total constraint violation, 0 when feasible. */
  evaluate(genome: Genome, out: Float64Array): number;
  create(random: Random): Genome;
  cross(a: Genome, b: Genome, random: Random): readonly [Genome, Genome];
  mutate(genome: Genome, random: Random): Genome;
  /** Equal genomes have equal keys: duplicates are dropped. */
  key(genome: Genome): string | number;
}

export interface SearchOptions<Genome> {
  readonly seed: number;
  readonly population: number;
  readonly generations: number;
  /** Probability per pair. */
  readonly crossover: number;
  /** Probability per child. */
  readonly mutation: number;
  /** Contestants. */
  readonly tournament: number;
  /** `crowding` is NSGA-II; `reference` is NSGA-III, for four objectives and more. */
  readonly survival: 'crowding' | 'reference';
  /** Enter the first population. */
  readonly seeds?: readonly Genome[];
  readonly maxEvaluations?: number;
  /** Size of the archive of all non-dominated feasible points; 0 or absent: none. */
  readonly archive?: number;
  /** Stop when the hypervolume has not grown by this share over so many generations. */
  readonly stall?: { readonly generations: number; readonly share: number };
  /** Asked before each candidate but the first; true ends the search with what there is. */
  shouldStop?(): boolean;
}

export interface Solution<Genome> {
  readonly genome: Genome;
  readonly objectives: Float64Array;
  readonly violation: number;
}

export interface SearchResult<Genome> {
  /** Mutually non-dominated and feasible; without a feasible one, those that violate least. */
  readonly front: readonly Solution<Genome>[];
  readonly evaluations: number;
  readonly generations: number;
  readonly stoppedBy: 'generations' | 'evaluations' | 'stall' | 'budget';
}
