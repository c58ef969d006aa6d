/** Options and answer of the placement of a whole batch. */
import type { PlacementNode, PlacementTask, Refusal } from '../placement.ts';

export type BatchStrategy =
  | 'greedy'
  | 'nsga2'
  | 'latency_first'
  | 'load_balance'
  | 'trust_first'
  | 'cost_optimize';

/** All minimised. */
export interface Objectives {
  /** Mean over the tasks of round trip, transfer of inputs, queue and run, in milliseconds. */
  readonly latencyMs: number;
  /** Variance over the nodes of their utilisation, 1 being busy for as long as the whole batch needs at best. */
  readonly imbalance: number;
  /** Mean over the tasks of 1 − trust of their node. */
  readonly distrust: number;
  /** µ-credits of the batch at the prices the owners ask. */
  readonly cost: number;
  /** µ-credits of the batch at current quotes: spot discount, tier, congestion. */
  readonly price: number;
}

/** What each objective counts, as shares of its range; 0 is not at all. */
export type ObjectiveWeights = Readonly<Record<keyof Objectives, number>>;

export interface Quotes {
  /**
   * µ-credits asked now for the task on the node for its expected run. `congestion` is the share of the node
   * in use, 0 to 1. A plan asks for both ends and takes what is between from the line through them.
   */
  quote(task: PlacementTask, node: PlacementNode, congestion: number): number;
}

export interface BatchOptions {
  readonly seed: number;
  readonly strategy: BatchStrategy;
  readonly quotes?: Quotes;
  /** Nothing of the batch may queue: all of it holds its share of its node from the start, as services do. */
  readonly atOnce?: boolean;
  /** Absent is 50, and 100 for more than 50 tasks. */
  readonly population?: number;
  /** Absent is 100. */
  readonly generations?: number;
  /** Probabilities per pair, 0.8, and per child, 0.1. */
  readonly crossover?: number;
  readonly mutation?: number;
  /** Contestants; absent are 3. */
  readonly tournament?: number;
  /** Absent is `reference`: among five objectives crowding tells little. */
  readonly survival?: 'crowding' | 'reference';
  /** With the seed it replays a decision, whatever ended it. */
  readonly maxEvaluations?: number;
  /** Ends the search; the greedy answer is always given. Needs `nowMs`. */
  readonly budgetMs?: number;
  nowMs?(): number;
  /** In place of those of the strategy or of the tasks' tiers. */
  readonly weights?: ObjectiveWeights;
  /** Searches as one what rises and falls together, such as cost and price. */
  readonly mergeCorrelated?: boolean;
}

/** Why a task has no node, beside what `refusalOf` says of a pair. */
export type PlanRefusal = Refusal | 'capacity' | 'deadline' | 'apart' | 'gang';

export interface FrontPoint {
  readonly objectives: Objectives;
  /** Tasks by node. */
  readonly perNode: Readonly<Record<string, number>>;
}

export interface BatchPlacement {
  readonly strategy: BatchStrategy;
  /** `task` indexes the given tasks; a node is to run its tasks in this order. */
  readonly assignments: readonly { readonly task: number; readonly node: string }[];
  readonly unplaced: readonly {
    readonly task: number;
    readonly because: readonly { readonly node: string; readonly refusal: PlanRefusal }[];
  }[];
  /** Mutually non-dominated; empty when nothing was placed. */
  readonly front: readonly FrontPoint[];
  /** Indexes `front`; -1 when that is empty. */
  readonly chosen: number;
  readonly indicators: {
    /** Of the front, in the box between its best and its worst values. */
    readonly hypervolume: number;
    readonly evaluations: number;
    readonly generations: number;
    readonly stoppedBy: 'greedy' | 'generations' | 'evaluations' | 'stall' | 'budget';
    /** Spearman's rank correlation over the front by pair, as `cost~price`. */
    readonly correlations: Readonly<Record<string, number>>;
    /** When the last task would end. */
    readonly makespanMs: number;
  };
  readonly explain: {
    readonly weights: ObjectiveWeights;
    readonly because: string;
    /** Nodes by what kept them from tasks of the batch. */
    readonly excluded: Readonly<Partial<Record<PlanRefusal, readonly string[]>>>;
  };
}
