/** A decision of the planning thread as it is kept and shown. */
import type { BatchPlacement } from '@fog/scheduler';
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

/** The chosen point is always among those that are kept. */
function shownFront({ front, chosen }: BatchPlacement): Pick<PlacementPlan, 'front' | 'chosen'> {
  const kept = front.slice(0, MAX_FRONT);
  const point = front[chosen];
  if (point !== undefined && chosen >= kept.length) kept[kept.length - 1] = point;
  return {
    front: kept.map(({ objectives, perNode }) => ({ objectives, perNode: { ...perNode } })),
    chosen: point === undefined ? -1 : kept.indexOf(point),
  };
}
