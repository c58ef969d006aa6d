/** What the planning thread is asked, and answers. */
import type { BatchPlacement, BatchStrategy, PlacementNode, PlacementTask } from '@fog/scheduler';

export interface PlanRequest {
  readonly tasks: readonly PlacementTask[];
  readonly nodes: readonly PlacementNode[];
  readonly strategy: BatchStrategy;
  readonly seed: number;
  readonly budgetMs: number;
}

export interface PlanAnswer {
  readonly placement: BatchPlacement;
  readonly decisionMs: number;
}

/** Of the thread: the answer, or why there is none. */
export type PlanReply = PlanAnswer | { readonly problem: string };
