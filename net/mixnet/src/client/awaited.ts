/** Answers and loops that are on their way home, by the SURB id they will carry. Each id works once. */
import { idKey } from '../ids.ts';
import { MAX_PENDING_SURBS } from './limits.ts';

export interface Awaited {
  /** Called with the payload as it arrived, at most once. */
  readonly arrived: (payload: Uint8Array) => void;
  /** Called instead when it is given up: too old, or too many. */
  readonly gone: () => void;
  /** Milliseconds of the monotonic clock after which it is given up. */
  readonly untilMs: number;
}

export interface AwaitedStore {
  readonly size: number;
  add(surbId: Uint8Array, awaited: Awaited): void;
  /** False when nobody waits for this id. */
  arrive(surbId: Uint8Array, payload: Uint8Array): boolean;
  /** Stops waiting without calling anyone. */
  forget(surbId: Uint8Array): void;
  expire(nowMs: number): void;
}

export function createAwaitedStore(): AwaitedStore {
  const waiting = new Map<string, Awaited>();
  const take = (key: string): Awaited | undefined => {
    const awaited = waiting.get(key);
    waiting.delete(key);
    return awaited;
  };
  return {
    get size() {
      return waiting.size;
    },
    add: (surbId, awaited) => {
      const [oldest] = waiting.keys();
      if (waiting.size >= MAX_PENDING_SURBS && oldest !== undefined) take(oldest)?.gone();
      waiting.set(idKey(surbId), awaited);
    },
    arrive: (surbId, payload) => {
      const awaited = take(idKey(surbId));
      awaited?.arrived(payload);
      return awaited !== undefined;
    },
    forget: (surbId) => void waiting.delete(idKey(surbId)),
    expire: (nowMs) => {
      for (const [key, { untilMs }] of waiting) if (untilMs < nowMs) take(key)?.gone();
    },
  };
}
