import type { Pool } from './pool.ts';
import { admit, isOver, type Run } from './run.ts';

/** Tries for one newcomer, on average: small problems run out of genomes that are not in the pool. */
const TRIES = 10;

/** Adds random genomes behind the seeds until the population is full. */
export function createFirst<Genome>(run: Run<Genome>): void {
  const { problem, options, pool, random } = run;
  for (const seed of options.seeds ?? []) {
    if (isOver(run)) return;
    admit(run, seed);
  }
  for (let tries = TRIES * options.population; tries > 0; tries -= 1) {
    if (pool.genomes.length >= options.population || isOver(run)) return;
    admit(run, problem.create(random));
  }
}

/** Adds as many children as the population has members, fewer when they are hard to find. */
export function breed<Genome>(run: Run<Genome>): void {
  const { problem, options, pool, random } = run;
  const parents = pool.genomes.length;
  const end = parents + options.population;
  const isFull = (): boolean => pool.genomes.length === end || isOver(run);
  for (let tries = TRIES * options.population; tries > 0; tries -= 2) {
    if (isFull()) return;
    const a = pool.genomes[contest(run, parents)] as Genome;
    const b = pool.genomes[contest(run, parents)] as Genome;
    const pair = random.next() < options.crossover ? problem.cross(a, b, random) : [a, b];
    for (const child of pair) {
      if (isFull()) return;
      const mutated = random.next() < options.mutation ? problem.mutate(child, random) : child;
      admit(run, mutated);
    }
  }
}

/** The winner of a tournament among the parents. */
function contest({ options, pool, random }: Run<unknown>, parents: number): number {
  const isBetter = options.survival === 'reference' ? violatesLess : isFitter;
  let winner = random.below(parents);
  for (let others = options.tournament - 1; others > 0; others -= 1) {
    const other = random.below(parents);
    if (isBetter(pool, other, winner)) winner = other;
  }
  return winner;
}

function isFitter({ ranks, crowding }: Pool<unknown>, a: number, b: number): boolean {
  const [aRank, bRank] = [ranks[a] as number, ranks[b] as number];
  return aRank < bRank || (aRank === bRank && (crowding[a] as number) > (crowding[b] as number));
}

/** NSGA-III leaves dominance and spread to survival alone. */
function violatesLess({ violations }: Pool<unknown>, a: number, b: number): boolean {
  return (violations[a] as number) < (violations[b] as number);
}
