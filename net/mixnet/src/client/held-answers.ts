/** Requests to be answered and answers given, by request id: bounded in number and bytes, oldest out first. */
import type { Clock } from '@fog/kernel';
import { idKey } from '../ids.ts';
import { MAX_HELD_ANSWER_BYTES, MAX_HELD_ANSWER_MS, MAX_HELD_ANSWERS } from './limits.ts';

export interface HeldAnswer {
  /** For an answer that is not there yet, the newest first. */
  surbs: Uint8Array[];
  /** The answer. */
  fragments: readonly Uint8Array[] | undefined;
  /** The part that goes out on the next SURB; after the last comes the first. */
  cursor: number;
  sizeBytes: number;
  touchedMs: number;
}

export interface HeldAnswers {
  get(id: Uint8Array): HeldAnswer | undefined;
  /** The entry of the request, new where there was none, and now the youngest. */
  touch(id: Uint8Array): HeldAnswer;
  /** Puts the answer in; throws nothing, but may push older ones out. */
  fill(entry: HeldAnswer, fragments: readonly Uint8Array[]): void;
  expire(): void;
}

export function createHeldAnswers(clock: Clock): HeldAnswers {
  const held = new Map<string, HeldAnswer>();
  let heldBytes = 0;
  const forget = (key: string, entry: HeldAnswer): void => {
    heldBytes -= entry.sizeBytes;
    held.delete(key);
  };
  const trim = (): void => {
    for (const [key, entry] of held) {
      const tooMany = held.size > MAX_HELD_ANSWERS || heldBytes > MAX_HELD_ANSWER_BYTES;
      if (!tooMany || held.size <= 1) return;
      forget(key, entry);
    }
  };
  return {
    get: (id) => held.get(idKey(id)),
    touch: (id) => {
      const key = idKey(id);
      const fresh = { surbs: [], fragments: undefined, cursor: 0, sizeBytes: 0, touchedMs: 0 };
      const entry: HeldAnswer = held.get(key) ?? fresh;
      entry.touchedMs = clock.monotonicMs();
      // A map keeps the order of insertion, so the oldest come first.
      held.delete(key);
      held.set(key, entry);
      trim();
      return entry;
    },
    fill: (entry, fragments) => {
      entry.fragments = fragments;
      entry.sizeBytes = fragments.reduce((sum, { length }) => sum + length, 0);
      heldBytes += entry.sizeBytes;
      trim();
    },
    expire: () => {
      const before = clock.monotonicMs() - MAX_HELD_ANSWER_MS;
      for (const [key, entry] of held) if (entry.touchedMs < before) forget(key, entry);
    },
  };
}
