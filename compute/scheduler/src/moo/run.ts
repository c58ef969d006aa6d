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
 * Evaluates the genome into the pool, unless it is in there already. False when the budget is spent: asked before
 * every evaluation, so that the number of evaluations alone replays a search that was stopped by a clock.
 */
export function admit<Genome>(run: Run<Genome>, genome: Genome): boolean {
  const { problem, pool, archive } = run;
  const key = problem.key(genome);
  if (run.taken.has(key)) return true;
  run.stoppedBy ??= whatStops(run);
  if (run.stoppedBy !== undefined) return false;
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
  return true;
}

function whatStops({ options, evaluations }: Run<unknown>): 'evaluations' | 'budget' | undefined {
  if (evaluations >= (options.maxEvaluations ?? Infinity)) return 'evaluations';
  return evaluations > 0 && options.shouldStop?.() === true ? 'budget' : undefined;
}
