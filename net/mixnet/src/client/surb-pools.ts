/**
 * Standing pools of SURBs that peers keep here, one of each conversation: half for this key epoch, half
 * for the next, the newest of each. Who holds a pool can write to its maker without knowing where it is.
 */
import type { Clock } from '@fog/kernel';
import { surbEpochByte } from '@fog/sphinx';
import { idKey } from '../ids.ts';
import { epochAt } from '../network.ts';
import { MAX_SURB_POOLS, POOL_HALF } from './limits.ts';
import { OVERLAP_SHARE } from './routes.ts';

export interface SurbPools {
  readonly size: number;
  /** Adds to the pool of the conversation; older ones beyond the half of their epoch go. */
  add(id: Uint8Array, surbs: readonly Uint8Array[]): void;
  /** How many are good at this moment. */
  ready(id: Uint8Array): number;
  /** Takes out up to so many that are good at this moment. */
  take(id: Uint8Array, atMost: number): Uint8Array[];
  /** Forgets SURBs and pools whose time is over. */
  expire(): void;
}

/** By low byte of the key epoch. */
type Pool = Map<number, Uint8Array[]>;

/** `epochMs` is undefined while there is no consensus: no SURB is good then. */
export function createSurbPools(clock: Clock, epochMs: () => number | undefined): SurbPools {
  const pools = new Map<string, Pool>();
  const span = (): { readonly good: readonly number[]; readonly kept: readonly number[] } => {
    const lengthMs = epochMs();
    if (lengthMs === undefined) return { good: [], kept: [] };
    const now = epochAt(lengthMs, clock.now());
    const share = (clock.now() % lengthMs) / lengthMs;
    const before = share < OVERLAP_SHARE ? [now - 1] : [];
    const after = share > 1 - OVERLAP_SHARE ? [now + 1] : [];
    // The oldest first: they are the next to be worthless.
    const good = [...before, now, ...after].map((epoch) => epoch % 256);
    return { good, kept: [...good, (now + 1) % 256] };
  };
  const goodOf = (id: Uint8Array): Uint8Array[][] => {
    const pool = pools.get(idKey(id));
    return span().good.map((byte) => pool?.get(byte) ?? []);
  };
  return {
    get size() {
      return pools.size;
    },
    add: (id, surbs) => {
      const key = idKey(id);
      const pool: Pool = pools.get(key) ?? new Map();
      const { kept } = span();
      for (const surb of surbs) {
        const byte = surbEpochByte(surb);
        if (!kept.includes(byte)) continue;
        const half = [...(pool.get(byte) ?? []), surb.slice()];
        pool.set(byte, half.slice(-POOL_HALF));
      }
      // A map keeps the order of insertion: those not refilled for longest come first.
      pools.delete(key);
      if (pool.size > 0) pools.set(key, pool);
      const [oldest] = pools.keys();
      if (pools.size > MAX_SURB_POOLS && oldest !== undefined) pools.delete(oldest);
    },
    ready: (id) => goodOf(id).reduce((sum, { length }) => sum + length, 0),
    take: (id, atMost) => {
      const taken: Uint8Array[] = [];
      for (const half of goodOf(id)) taken.push(...half.splice(0, atMost - taken.length));
      return taken;
    },
    expire: () => {
      const { kept } = span();
      for (const [key, pool] of pools) {
        for (const byte of pool.keys()) if (!kept.includes(byte)) pool.delete(byte);
        if (pool.size === 0) pools.delete(key);
      }
    },
  };
}
