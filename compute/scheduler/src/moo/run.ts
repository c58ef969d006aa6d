import type { Archive } from './archive.ts';
import { assertFinite } from './finite.ts';
import { fail } from '../errors.ts';
import { type Pool, pointOf } from './pool.ts';
import type { Problem, SearchOptions, SearchResult } from './problem.ts';
import type { Random } from './random.ts';
import type { Survival } from './survival/survival.ts';

/** One search under way. */
export interface Run<Genome> {
  readonly problem: Problem<Genome>;
  readonly options: SearchOptions<Genome>;
  readonly random: Random;
  readonly pool: Pool<Genome>;
  readonly archive: Archive<Genome>;
  readonly survival: Survival;
  /** Keys of the pool. */
  readonly taken: Set<string | number>;
  evaluations: number;
  stoppedBy: SearchResult<Genome>['stoppedBy'] | undefined;
}

/**
 * True when the budget is spent. Whenever it is asked, nothing but the evaluations before tells in the result:
 * their number alone replays a search that a clock stopped.
 */
export function isOver(run: Run<unknown>): boolean {
  run.stoppedBy ??= whatStops(run);
  return run.stoppedBy !== undefined;
}

/** Evaluates the genome into the pool, unless it is in there already or the search is over. */
export function admit<Genome>(run: Run<Genome>, genome: Genome): void {
  const { problem, pool, archive } = run;
  const key = problem.key(genome);
  if (run.taken.has(key) || isOver(run)) return;
  const index = pool.genomes.length;
  const point = pointOf(pool, index);
  const violation = problem.evaluate(genome, point);
  run.evaluations += 1;
  assertFinite(point);
  if (!(violation >= 0)) {
    throw fail('SCHEDULER_OBJECTIVE', {
      message: `the constraint violation is ${violation}: it must be 0 or more`,
    });
  }
  run.taken.add(key);
  pool.genomes.push(genome);
  pool.keys.push(key);
  pool.violations[index] = violation;
  if (violation === 0) archive.offer(genome, point);
}

function whatStops({ options, evaluations }: Run<unknown>): 'evaluations' | 'budget' | undefined {
  if (evaluations >= (options.maxEvaluations ?? Infinity)) return 'evaluations';
  return evaluations > 0 && options.shouldStop?.() === true ? 'budget' : undefined;
}
