/** What the benchmark and its two processes tell each other. */
import type { HeaderTarget } from './headers.ts';

export interface Member {
  readonly id: string;
  readonly linkKey: Uint8Array;
  readonly port: number;
}

export interface RelayRequest {
  readonly kind: 'start';
  readonly dataDir: string;
  readonly workers: number;
  readonly members: readonly Member[];
}

export interface RelayReady extends Member {
  readonly epoch: number;
  readonly mixKey: Uint8Array;
}

export type LoadRequest =
  | { readonly kind: 'start' }
  | { readonly kind: 'headers'; readonly target: HeaderTarget; readonly count: number }
  | { readonly kind: 'run'; readonly run: RunPlan };

export interface RunPlan {
  readonly relay: Member;
  /** Packets a second. */
  readonly rate: number;
  readonly seconds: number;
  /** Headers spent on warming both ends up before the clock starts. */
  readonly warmUp: number;
  /** Straight from the generator to the sink: what the links alone cost. */
  readonly direct: boolean;
  readonly latencies: boolean;
}

export interface RunResult {
  readonly planned: number;
  readonly received: number;
  /** From the first to the last packet that arrived. */
  readonly wallMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface LoadReady {
  readonly generator: Member;
  readonly sink: Member;
}
