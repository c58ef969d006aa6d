/** What each strategy would do with a batch on the fleet as it is. Nothing runs. */
import { randomInt } from 'node:crypto';
import {
  type BatchStrategy,
  type CompareAnswer,
  type CompareRequest,
  type JobSpec,
  PLACEMENT_STRATEGIES,
  type StrategyForecast,
} from '@fog/wire';
import type { Core } from '../core.ts';
import { newJobRecord } from '../job/job-record.ts';
import { OpenTasks } from '../job/open-tasks.ts';
import type { Dispatcher } from '../lease/dispatcher.ts';
import { MAX_PLANNED_TASKS } from '../limits.ts';
import { copiesWanted } from '../verify/decide.ts';
import { ASSUMED_MS, plannedFleet, plannedTasks } from './plan-input.ts';
import type { PlanAnswer } from './plan-messages.ts';
import { excludedOf } from './plan-record.ts';
import type { PlanThread } from './plan-thread.ts';

/** Faces of the dice that seed a search. */
const DICE = 2 ** 31;

export interface CompareDeps {
  readonly core: Core;
  readonly dispatcher: Dispatcher;
  readonly thread: PlanThread;
}

/** Of a larger array its first tasks. Throws COORDINATOR_PLAN. */
export async function compareStrategies(
  { core, dispatcher, thread }: CompareDeps,
  batch: { readonly owner: string; readonly spec: JobSpec },
  wishes: Pick<CompareRequest, 'expectedMs' | 'budgetMs'>,
): Promise<CompareAnswer> {
  const { owner, spec } = batch;
  const now = core.clock.now();
  const order = { id: '', owner, spec, idempotencyKey: undefined, createdAt: now };
  const job = newJobRecord(order, new OpenTasks());
  const { module } = spec;
  const fleet = plannedFleet(core, dispatcher, { fleet: dispatcher.fleet(), module });
  const expectedMs = wishes.expectedMs ?? fleet.expectedMs ?? ASSUMED_MS;
  const indices = [...Array(Math.min(MAX_PLANNED_TASKS, job.board.total)).keys()];
  const chosen = indices.map((index) => ({ job, index }));
  const request = {
    tasks: plannedTasks(dispatcher, chosen, { expectedMs, now }),
    nodes: fleet.nodes,
    seed: randomInt(DICE),
    budgetMs: wishes.budgetMs ?? core.options.planBudgetMs,
  };
  const answers: [BatchStrategy, PlanAnswer][] = [];
  for (const strategy of PLACEMENT_STRATEGIES) {
    answers.push([strategy, await thread.place({ ...request, strategy })]);
  }
  const measured = fleet.expectedMs === undefined ? 'assumed' : 'measured';
  return {
    tasks: chosen.length,
    copies: copiesWanted(spec),
    nodes: fleet.nodes.length,
    expectedMs,
    expected: wishes.expectedMs === undefined ? measured : 'asked',
    forecasts: withDominance(answers.map(([strategy, answer]) => forecast(strategy, answer))),
    excluded: excludedOf(answers[0]?.[1].placement.explain.excluded ?? {}),
  };
}

type Forecast = Omit<StrategyForecast, 'dominatedBy'>;

function forecast(strategy: BatchStrategy, { placement, decisionMs }: PlanAnswer): Forecast {
  const { front, chosen, unplaced, indicators } = placement;
  const point = front[chosen];
  return {
    strategy,
    ...(point === undefined ? {} : { objectives: point.objectives }),
    makespanMs: indicators.makespanMs,
    unplaced: unplaced.length,
    perNode: { ...point?.perNode },
    frontSize: front.length,
    decisionMs,
  };
}

function withDominance(forecasts: readonly Forecast[]): StrategyForecast[] {
  return forecasts.map((one) => ({
    ...one,
    dominatedBy: forecasts.filter((other) => dominates(other, one)).map(({ strategy }) => strategy),
  }));
}

/** Sums of equal terms in another order differ in their last digits. */
const SAME = 1e-9;

function dominates(a: Forecast, b: Forecast): boolean {
  if (a.unplaced !== b.unplaced) return a.unplaced < b.unplaced;
  const [mine, theirs] = [a.objectives, b.objectives];
  if (mine === undefined || theirs === undefined) return false;
  const names = Object.keys(mine) as (keyof typeof mine)[];
  const gaps = names.map((name) => {
    const gap = mine[name] - theirs[name];
    return Math.abs(gap) <= SAME * Math.max(1, Math.abs(theirs[name])) ? 0 : gap;
  });
  return gaps.every((gap) => gap <= 0) && gaps.some((gap) => gap < 0);
}
