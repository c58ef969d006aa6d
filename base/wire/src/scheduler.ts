/** Placement of batches: how each was planned, and what the strategies would do with one. */
import { z } from 'zod';
import { BatchStrategy, PLACEMENT_STRATEGIES, Strategy } from './demands.ts';
import { JobId, NodeId } from './ids.ts';
import { JobSpec } from './job-spec.ts';
import { MAX_FRONT, MAX_PLAN_BUDGET_MS, MAX_PLAN_JOBS, MAX_TIMEOUT_MS } from './limits.ts';

/** What a placement is judged by; less is better in each. */
export const PlacementObjectives = z.strictObject({
  /** From being placed to its end, for the mean task. */
  latencyMs: z.number(),
  /** Variance of the nodes' utilisation. */
  imbalance: z.number(),
  /** 0: all nodes are trusted; 1: none is. */
  distrust: z.number(),
  /** µ-credits by the nodes' asking prices. */
  cost: z.number(),
  /** µ-credits by what is quoted now. */
  price: z.number(),
});
export type PlacementObjectives = z.infer<typeof PlacementObjectives>;

/** One way to place the batch that no other found beats in every objective. */
export const PlacementChoice = z.strictObject({
  objectives: PlacementObjectives,
  /** Tasks each node gets. */
  perNode: z.record(NodeId, z.int().positive()),
});
export type PlacementChoice = z.infer<typeof PlacementChoice>;

/** Nodes that could take none of the tasks, by the reason. */
const Excluded = z.record(z.string(), z.array(NodeId));

/** How a batch was placed: the front, the point chosen on it, and why. */
export const PlacementPlan = z.strictObject({
  /** `p` and a number that grows. */
  id: z.string().max(32),
  /** Jobs whose tasks it placed, the first of them. */
  jobs: z.array(JobId).max(MAX_PLAN_JOBS),
  asked: Strategy,
  strategy: BatchStrategy,
  /** What made it necessary. */
  cause: z.string(),
  time: z.int(),
  tasks: z.int(),
  /** Tasks for which it found no node: those go where there is room. */
  unplaced: z.int(),
  nodes: z.int(),
  seed: z.int(),
  budgetMs: z.number(),
  decisionMs: z.number(),
  evaluations: z.int(),
  generations: z.int(),
  stoppedBy: z.string(),
  hypervolume: z.number(),
  makespanMs: z.number(),
  /** Of the objectives in the choice. */
  weights: z.record(z.string(), z.number()),
  because: z.string(),
  excluded: Excluded,
  /** Of pairs of objectives over the front, like `cost/price`. */
  correlations: z.record(z.string(), z.number()),
  front: z.array(PlacementChoice).max(MAX_FRONT),
  /** Indexes the front. */
  chosen: z.int(),
});
export type PlacementPlan = z.infer<typeof PlacementPlan>;

/** A plan without its front. */
export const PlanSummary = PlacementPlan.omit({
  front: true,
  correlations: true,
  excluded: true,
}).extend({
  frontSize: z.int(),
  objectives: PlacementObjectives.optional(),
});
export type PlanSummary = z.infer<typeof PlanSummary>;

export const SchedulerStatus = z.strictObject({
  /** Of jobs that do not say. */
  strategy: Strategy,
  /** Longest time for one decision. */
  budgetMs: z.number(),
  /** `idle`: not needed yet. */
  thread: z.enum(['idle', 'ready', 'busy', 'down']),
  /** Threads that ended of themselves. */
  restarts: z.int(),
  /** Decisions that wait for the thread. */
  waiting: z.int(),
  /** Decisions since this coordinator leads, by strategy. */
  decisions: z.partialRecord(BatchStrategy, z.int()),
  /** Plans that could not be made, so that their tasks went where there was room. */
  failed: z.int(),
  /** Over the last decisions; absent without any. */
  decisionMs: z.strictObject({ p50: z.number(), p95: z.number() }).optional(),
  /** Tasks that are planned and wait for their node. */
  plannedTasks: z.int(),
  /** Plans that hold now. */
  plans: z.int(),
  /** Newest first. */
  last: z.array(PlanSummary),
});
export type SchedulerStatus = z.infer<typeof SchedulerStatus>;

export const FrontsQuery = z.strictObject({
  /** Without it, those of all jobs of the caller. */
  job: JobId.optional(),
});
export type FrontsQuery = z.infer<typeof FrontsQuery>;

/** Exactly one of `job` and `spec`. */
export const CompareRequest = z
  .strictObject({
    job: JobId.optional(),
    spec: JobSpec.optional(),
    /** Run time of one task on a node of usual speed; what was measured, when it is left out. */
    expectedMs: z.number().positive().max(MAX_TIMEOUT_MS).optional(),
    /** For each strategy. */
    budgetMs: z.number().positive().max(MAX_PLAN_BUDGET_MS).optional(),
  })
  .refine(
    ({ job, spec }) => (job === undefined) !== (spec === undefined),
    'must have either "job" or "spec"',
  );
export type CompareRequest = z.infer<typeof CompareRequest>;
export type CompareRequestInput = z.input<typeof CompareRequest>;

/** What a strategy would do with the batch on the fleet as it is. */
export const StrategyForecast = z.strictObject({
  strategy: BatchStrategy,
  /** Absent when it found a node for no task. */
  objectives: PlacementObjectives.optional(),
  makespanMs: z.number(),
  unplaced: z.int(),
  perNode: z.record(NodeId, z.int().positive()),
  frontSize: z.int(),
  decisionMs: z.number(),
  /** Strategies that are no worse in any objective and better in one. */
  dominatedBy: z.array(z.enum(PLACEMENT_STRATEGIES)),
});
export type StrategyForecast = z.infer<typeof StrategyForecast>;

export const CompareAnswer = z.strictObject({
  tasks: z.int(),
  /** Runs of each task, as its tier and class want it; a forecast is of one of them, its price with the tier's factor. */
  copies: z.int(),
  nodes: z.int(),
  expectedMs: z.number(),
  /** Where `expectedMs` is from. */
  expected: z.enum(['asked', 'measured', 'assumed']),
  forecasts: z.array(StrategyForecast),
  excluded: Excluded,
});
export type CompareAnswer = z.infer<typeof CompareAnswer>;
