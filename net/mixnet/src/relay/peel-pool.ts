/** Worker threads that peel for every relay of the process. */
import type { LaneOptions, PeelLane } from './peel-lane.ts';

export interface PeelPoolOptions {
  readonly workers: number;
  /** Ceiling of the packet memory, shared by all lanes. */
  readonly maxSlots: number;
}

export interface PeelPool {
  readonly workers: number;
  openLane(options: LaneOptions): PeelLane;
  /** What is wrong with it; undefined when all threads run. */
  fault(): string | undefined;
  start(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}
