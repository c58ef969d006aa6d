/** Input and output of a placement decision. Plain data: the caller fills it from its registry. */
import type { RoutingStrategyName } from './routing/route.ts';
import type { RouteState } from './routing/rule.ts';

export interface PlacementTask {
  /** Account of the submitter. */
  readonly owner: string;
  readonly runtime: string;
  readonly memoryBytes: number;
  /** Leases per slot a node may hold of such tasks: 1 for long ones, more to hide the round trip of short ones. */
  readonly depth: number;
  /** Nodes that failed this task before: taken only when no other can. */
  readonly avoid?: ReadonlySet<string>;
  /** Owners that may not take it: they hold another copy of the same task. */
  readonly excludedOwners?: ReadonlySet<string>;
  readonly excludedNodes?: ReadonlySet<string>;
  /** Of other copies of the task; where it is given, a node must name its region. */
  readonly excludedRegions?: ReadonlySet<string>;
  /** Content id of the program: a node that ran it is warm. */
  readonly module?: string;
  readonly cores?: number;
  readonly diskBytes?: number;
  readonly gpus?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly region?: string;
  readonly minTrust?: number;
  /** µ-credits at most, and for how long it may run: what it could cost must stay below. */
  readonly maxPrice?: { readonly credits: number; readonly hours: number };
  /** Absent is `public`. */
  readonly privacy?: 'public' | 'private' | 'confidential' | 'secret';
  /** Where the request comes from. */
  readonly from?: GeoPoint;
  /** Run time on a node of speed 1; absent is a second. */
  readonly expectedMs?: number;
  /** To be moved to a node that is not warm for the program. */
  readonly inputBytes?: number;
  /** It must have ended by then, from now. */
  readonly dueInMs?: number;
  /** Absent is `bronze`. */
  readonly tier?: 'bronze' | 'silver' | 'gold' | 'platinum';
  readonly serviceClass?: 'S' | 'A' | 'B';
  /** Tasks that share it start together: all of them are placed or none. */
  readonly gang?: string;
  /** Tasks that share it go to nodes of different owners. */
  readonly apart?: string;
  /** Goes to somebody of whom too little is known, if one can take it: the placement of a batch says so. */
  readonly isForNewcomers?: boolean;
  /** May be pre-empted: nodes take their spot discount off. */
  readonly isSpot?: boolean;
}

/** Degrees, WGS 84. */
export interface GeoPoint {
  readonly latitude: number;
  readonly longitude: number;
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
  /** Slots of the machine; absent is `slots`, of which services and wide tasks that run there are left out. */
  readonly allSlots?: number;
  /** GPUs and disk that its leases hold. */
  readonly gpusHeld?: number;
  readonly diskHeld?: number;
  /** The most memory that leases of it can use side by side: some wait for a slot, and use none. */
  readonly memoryHeld?: number;
  /** The least that one of those may use: what asks for no more can wait behind them, and adds nothing. */
  readonly memoryLeast?: number;
  /** Why it takes nothing at all now. */
  readonly closed?: 'draining' | 'maintenance' | 'cooling';
  readonly cores?: number;
  readonly diskBytes?: number;
  readonly gpus?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly region?: string;
  readonly coordinates?: GeoPoint;
  /** Smoothed round trip to the coordinator. */
  readonly rttMs?: number;
  /** Share of its cores in use by anybody, 0 to 1. */
  readonly cpuLoad?: number;
  /** Lower bound of its reputation, 0 to 1; absent without evidence. */
  readonly trust?: number;
  /** µ-credits its owner asks; absent is for nothing. */
  readonly prices?: {
    readonly cpuHour: number;
    readonly gbHour: number;
    readonly gpuHour: number;
    /** Part taken off for work that may be pre-empted, 0 to 1; absent is none. */
    readonly spotDiscount?: number;
  };
  /** Programs it ran of late: compiled and cached there. */
  readonly warm?: ReadonlySet<string>;
  /** Relative to the machine on which the expected run times hold; absent is 1. */
  readonly speed?: number;
  /** Measured; absent when it is not known. */
  readonly bandwidthMbps?: number;
  /** Drawn from what is believed of its trust: ranks, while `trust` gates; absent is `trust`. */
  readonly trustSample?: number;
  /** Work that waits on each of its slots already. */
  readonly queuedMs?: number;
  /** Too little is known of it yet. */
  readonly isNewcomer?: boolean;
  /** Too much speaks against it. */
  readonly isDistrusted?: boolean;
}

export interface PlacementOptions {
  /** Rotates ties; the decision replays exactly from it. */
  readonly seed: number;
  /** Routes each task by this strategy in place of the greedy choice. */
  readonly route?: { readonly strategy: RoutingStrategyName; readonly state: RouteState };
}

export interface Placement {
  readonly strategy: 'greedy' | RoutingStrategyName;
  /** `task` indexes the given tasks. */
  readonly assignments: readonly { readonly task: number; readonly node: string }[];
  readonly unplaced: readonly number[];
}

/** Why a node cannot take a task. `full` and `cooling` pass with time, the others only when something changes. */
export type Refusal =
  | 'runtime'
  | 'sandbox-level'
  | 'memory'
  | 'cores'
  | 'disk'
  | 'gpu'
  | 'labels'
  | 'region'
  | 'trust'
  | 'price'
  | 'privacy'
  | 'excluded'
  | 'same-owner'
  | 'same-region'
  | 'draining'
  | 'maintenance'
  | 'cooling'
  | 'full';
