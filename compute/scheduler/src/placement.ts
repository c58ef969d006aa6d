/** Input and output of a placement decision. Plain data: the caller fills it from its registry. */
export interface PlacementTask {
  /** Account of the submitter. */
  readonly owner: string;
  readonly runtime: string;
  readonly memoryBytes: number;
  /** Leases per slot a node may hold of such tasks: 1 for long ones, more to hide the round trip of short ones. */
  readonly depth: number;
  /** Nodes that failed this task before: taken only when no other can. */
  readonly avoid?: ReadonlySet<string>;
}

export interface PlacementNode {
  readonly id: string;
  /** Account that lent the machine. */
  readonly owner: string;
  readonly runtimes: readonly string[];
  readonly sandboxLevel: 'os' | 'process';
  readonly memoryBytes: number;
  readonly slots: number;
  /** Leases it may hold at once. */
  readonly credit: number;
  /** Leases it holds now. */
  readonly held: number;
}

export interface PlacementOptions {
  /** Rotates ties; the decision replays exactly from it. */
  readonly seed: number;
}

export interface Placement {
  readonly strategy: 'greedy';
  /** `task` indexes the given tasks. */
  readonly assignments: readonly { readonly task: number; readonly node: string }[];
  readonly unplaced: readonly number[];
}

/** Why a node cannot take a task. `full` passes with time, the others only when something changes. */
export type Refusal = 'runtime' | 'sandbox-level' | 'memory' | 'full';
