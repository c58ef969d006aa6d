import { fail } from '../errors.ts';
import type { Problem, SearchOptions } from './problem.ts';

/** Sorting compares pairs: more would take seconds a generation. */
const MAX_POPULATION = 10_000;

/** Thinning out compares all pairs: more would take seconds. */
const MAX_ARCHIVE = 2000;

/** More contestants than members of the largest population say nothing more. */
const MAX_TOURNAMENT = MAX_POPULATION;

/** Hypervolume and reference points grow with the power of the objectives. */
const MAX_OBJECTIVES = 15;

export function checkOptions<Genome>(
  problem: Problem<Genome>,
  options: SearchOptions<Genome>,
): void {
  integer('objectives', problem.objectives, 1, MAX_OBJECTIVES);
  integer('seed', options.seed, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  integer('population', options.population, 1, MAX_POPULATION);
  integer('generations', options.generations, 0, Number.MAX_SAFE_INTEGER);
  integer('tournament', options.tournament, 1, MAX_TOURNAMENT);
  integer('archive', options.archive ?? 0, 0, MAX_ARCHIVE);
  integer('maxEvaluations', options.maxEvaluations ?? 1, 1, Number.MAX_SAFE_INTEGER);
  integer('seeds', options.seeds?.length ?? 0, 0, MAX_POPULATION);
  integer('stall.generations', options.stall?.generations ?? 1, 1, Number.MAX_SAFE_INTEGER);
  within('stall.share', options.stall?.share ?? 0, 0, 1);
  within('crossover', options.crossover, 0, 1);
  within('mutation', options.mutation, 0, 1);
}

function integer(name: string, value: number, least: number, most: number): void {
  within(name, value, least, most);
  if (!Number.isInteger(value)) throw wrong(name, value, `an integer`);
}

function within(name: string, value: number, least: number, most: number): void {
  if (!(value >= least && value <= most)) throw wrong(name, value, `from ${least} to ${most}`);
}

function wrong(name: string, value: number, wanted: string): Error {
  return fail('SCHEDULER_SEARCH', { message: `${name} is ${value}: it must be ${wanted}` });
}
