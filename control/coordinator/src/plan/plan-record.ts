/** A decision of the planning thread as it is kept and shown. */
import type { BatchPlacement, FrontPoint } from '@fog/scheduler';
import {
  MAX_FRONT,
  MAX_PLAN_JOBS,
  type PlacementPlan,
  type PlanSummary,
  type Strategy,
} from '@fog/wire';
import type { PlanAnswer, PlanRequest } from './plan-messages.ts';

export function planRecord(
  request: PlanRequest,
  { placement, decisionMs }: PlanAnswer,
  about: {
    readonly jobs: Iterable<string>;
    readonly asked: Strategy;
    readonly cause: string;
    readonly time: number;
  },
): Omit<PlacementPlan, 'id'> {
  const { indicators, explain } = placement;
  const { weights, because, excluded } = explain;
  return {
    ...about,
    jobs: [...new Set(about.jobs)].slice(0, MAX_PLAN_JOBS),
    strategy: placement.strategy,
    tasks: request.tasks.length,
    unplaced: placement.unplaced.length,
    nodes: request.nodes.length,
    seed: request.seed,
    budgetMs: request.budgetMs,
    decisionMs,
    evaluations: indicators.evaluations,
    generations: indicators.generations,
    stoppedBy: indicators.stoppedBy,
    hypervolume: indicators.hypervolume,
    makespanMs: indicators.makespanMs,
    correlations: { ...indicators.correlations },
    weights: { ...weights },
    because,
    excluded: excludedOf(excluded),
    ...shownFront(placement),
  };
}

/** A plan as the store has it; one that an older version wrote may have a longer front. Throws when it is no plan. */
export function storedPlan(text: string): PlacementPlan {
  const plan = JSON.parse(text) as PlacementPlan;
  return { ...plan, ...shownFront(plan) };
}

export function planSummary(plan: PlacementPlan): PlanSummary {
  const { front, chosen, correlations: _correlations, excluded: _excluded, ...rest } = plan;
  const objectives = front[chosen]?.objectives;
  return {
    ...rest,
    chosen,
    frontSize: front.length,
    ...(objectives === undefined ? {} : { objectives }),
  };
}

export function excludedOf(
  excluded: BatchPlacement['explain']['excluded'],
): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(excluded).map(([refusal, nodes]) => [refusal, [...(nodes ?? [])]]),
  );
}

/** Counts of tasks by node in one plan: a hundred plans of a large fleet stay within some megabytes. */
const MAX_FRONT_COUNTS = 5_000;
/** Of a very large fleet the chosen point and one beside it are told. */
const LEAST_FRONT = 2;

/** The chosen point and the best in each objective before all others. */
function shownFront({
  front,
  chosen,
}: Pick<BatchPlacement, 'front' | 'chosen'>): Pick<PlacementPlan, 'front' | 'chosen'> {
  const widest = Math.max(1, ...front.map(({ perNode }) => Object.keys(perNode).length));
  const most = Math.max(LEAST_FRONT, Math.min(MAX_FRONT, Math.floor(MAX_FRONT_COUNTS / widest)));
  const names = Object.keys(front[0]?.objectives ?? {}) as (keyof FrontPoint['objectives'])[];
  const best = names.map((name) => {
    const values = front.map(({ objectives }) => objectives[name]);
    return values.indexOf(Math.min(...values));
  });
  const order = [chosen, ...best, ...front.keys()].filter((at) => at >= 0);
  const kept = [...new Set(order)].slice(0, most).sort((a, b) => a - b);
  return {
    front: kept.flatMap((at) => {
      const point = front[at];
      if (point === undefined) return [];
      return [{ objectives: point.objectives, perNode: { ...point.perNode } }];
    }),
    chosen: kept.indexOf(chosen),
  };
}
