import type { Strategy } from '@fog/wire';

export interface CoordinatorOptions {
  /** A lease not renewed for this long goes back to the queue. */
  readonly leaseMs: number;
  /** Silence after which a node is shown as suspect. */
  readonly suspectMs: number;
  /** Silence after which a node is dead: its socket is closed. */
  readonly deadMs: number;
  /** Time a node has to come back after its socket closed, before its leases are freed. */
  readonly closeGraceMs: number;
  /** Open tasks above which submissions are refused. */
  readonly maxOpenTasks: number;
  /** Of one account; above it its submissions are refused. */
  readonly maxOpenTasksPerAccount: number;
  /** A commit that takes longer makes the fog refuse submissions until it is done. */
  readonly maxCommitMs: number;
  /** How jobs that do not say are placed. */
  readonly strategy: Strategy;
  /** Time for the placement of one batch. */
  readonly planBudgetMs: number;
  /** How long ended jobs are kept. */
  readonly keepMs: number;
}

export const defaultCoordinatorOptions: CoordinatorOptions = {
  leaseMs: 30_000,
  suspectMs: 45_000,
  deadMs: 90_000,
  closeGraceMs: 5_000,
  maxOpenTasks: 1_000_000,
  maxOpenTasksPerAccount: 500_000,
  maxCommitMs: 5_000,
  strategy: 'auto',
  planBudgetMs: 300,
  keepMs: 30 * 86_400_000,
};
