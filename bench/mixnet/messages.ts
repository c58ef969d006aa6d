/** What the benchmark and its processes tell each other. */
import type { RelayStatus } from '@fog/mixnet';
import type { HeaderTarget, HopTarget } from './headers.ts';

export interface Member {
  readonly id: string;
  readonly linkKey: Uint8Array;
  readonly port: number;
}

export interface StartRelay {
  readonly kind: 'start';
  /** The same seed gives the same keys. */
  readonly seed: number;
  readonly dataDir: string;
  readonly workers: number;
  readonly epochMs: number;
  readonly members: readonly Member[];
}

export type RelayRequest =
  | StartRelay
  | { readonly kind: 'status' }
  | { readonly kind: 'members'; readonly members: readonly Member[] }
  /** The next key epoch begins: until it is told so, a relay's wall clock stands still. */
  | { readonly kind: 'turn' };

export interface RelayKey {
  readonly epoch: number;
  readonly mixKey: Uint8Array;
}

export interface RelayReady extends Member, RelayKey {}

export interface RelayState extends RelayStatus {
  readonly rssBytes: number;
  /** Packets it has memory for. */
  readonly slots: number;
  /** For a core, by its main thread, since its process began; absent where the system does not count it. */
  readonly coreWaitMs?: number;
}

export type LoadRequest =
  | { readonly kind: 'start' }
  | { readonly kind: 'headers'; readonly target: HeaderTarget; readonly count: number }
  | { readonly kind: 'run'; readonly run: RunPlan }
  | { readonly kind: 'walk'; readonly walk: WalkPlan };

export interface RunPlan {
  readonly relay: Member;
  /** Packets a second. */
  readonly rate: number;
  readonly seconds: number;
  /** Headers spent on warming both ends of a new link up before the clock starts; 0 keeps the link there is. */
  readonly warmUp: number;
  /** Straight from the generator to the sink: what the links alone cost. */
  readonly direct: boolean;
  readonly latencies: boolean;
  /** Begins again with the first headers where there are too few: those packets are replays. */
  readonly again: boolean;
}

export interface RunResult {
  readonly planned: number;
  readonly received: number;
  /** Of those that are missing, what the generator's own link could not take. */
  readonly unsent: number;
  /** From the first to the last packet that arrived. */
  readonly wallMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** One packet at a time over these relays to the sink. */
export interface WalkPlan {
  readonly relays: readonly Member[];
  readonly hops: readonly HopTarget[];
  readonly warmUp: number;
  readonly packets: number;
}

export interface WalkResult {
  readonly lost: number;
  readonly p50Ms: number;
}

export interface LoadReady {
  readonly generator: Member;
  readonly sink: Member;
}
