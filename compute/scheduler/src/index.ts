export type {
  BatchOptions,
  BatchPlacement,
  BatchStrategy,
  FrontPoint,
  Objectives,
  ObjectiveWeights,
  PlanRefusal,
  Quotes,
} from './batch/batch-placement.ts';
export { placeBatch } from './batch/place-batch.ts';
export { explainRefusal } from './explain-refusal.ts';
export { CONFIDENTIAL_TRUST, lackOf, refusalOf, slotsFor } from './feasibility.ts';
export { search } from './moo/engine.ts';
export { hypervolume } from './moo/hypervolume.ts';
export { igdPlus } from './moo/igd.ts';
export type { Problem, SearchOptions, SearchResult, Solution } from './moo/problem.ts';
export { type Random, seededRandom } from './moo/random.ts';
export { capacityFor, explainPlacement, place } from './place.ts';
export type {
  GeoPoint,
  Placement,
  PlacementNode,
  PlacementOptions,
  PlacementTask,
  Refusal,
} from './placement.ts';
export { congestionOf, quotedPrice } from './quote.ts';
export { besides, type Ending, type Reservation, reserveFor } from './queue/backfill.ts';
export { type ChosenTask, JobQueues, type KindQueue, type WaitingJob } from './queue/job-queues.ts';
export { KindPlan } from './queue/kind-plan.ts';
export { RunTimes } from './queue/run-times.ts';
export {
  type Candidate,
  explainRoute,
  isRoutingStrategy,
  route,
  type RoutingStrategyName,
} from './routing/route.ts';
export type { RouteState } from './routing/rule.ts';
