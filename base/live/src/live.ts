/**
 * What the coordinators of one fog tell each other while they run. Nothing here is durable, and nothing of
 * it decides who leads or what is stored: losing all of it costs freshness, never correctness.
 */
import type { Clock, Health, Logger } from '@fog/kernel';
import { createMemoryLive } from './memory/memory-live.ts';

export interface Member {
  readonly id: string;
  readonly value: string;
}

/** One's own place in a group. */
export interface Membership {
  /** This member and, as last heard, the others; by id. */
  readonly members: readonly Member[];
  /** Tells the group a new value. */
  set(value: string): void;
  /** The others hear of it at once. */
  leave(): Promise<void>;
}

export interface Count {
  readonly count: number;
  /** Time left of its window. */
  readonly leftMs: number;
}

export type MessageListener = (message: string) => void;

export interface Live {
  /** Where it is, for a person; without any secret. */
  readonly place: string;
  /** True while other processes are reached. */
  readonly isShared: boolean;
  /** Messages that were too large or too many to be sent. */
  readonly dropped: number;
  /** Resolves when it is connected, or has found that it cannot be now; then it goes on trying. */
  start(): Promise<void>;
  /** Sent with all of this event-loop turn, at most once, to every subscriber of every process, in order. */
  publish(channel: string, message: string): void;
  /** Returns the end of it. */
  subscribe(channel: string, listener: MessageListener): () => void;
  /** Resolves when the group was told and asked, or cannot be now. */
  join(group: string, member: Member): Promise<Membership>;
  /** Counts one more in the window that began with the first one. Answers within bounded time. */
  count(key: string, windowMs: number): Promise<Count>;
  /** What `count` counted, without counting. */
  read(key: string): Promise<Count>;
  /** Asks the server; never throws. */
  health(): Promise<Health>;
  /** Tells when processes begin or cease to be reached. Returns the end of it. */
  onShared(listener: () => void): () => void;
  stop(): Promise<void>;
}

export interface LiveOptions {
  /** `redis://…`, `rediss://…` with TLS; undefined: this process alone, in memory. */
  readonly url?: string | undefined;
  /** Of the fog: several may share one server. */
  readonly namespace: string;
  /** How long a member that fell silent is listed. */
  readonly presenceTtlMs?: number;
}

export interface LiveDeps {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Not started. Throws LIVE_URL. */
export async function openLive(options: LiveOptions, deps: LiveDeps): Promise<Live> {
  const { url } = options;
  if (url === undefined) return createMemoryLive(deps);
  // Loaded on demand: a fog of one coordinator pays nothing for the client.
  return (await import('./redis/redis-live.ts')).createRedisLive({ ...options, url }, deps);
}
