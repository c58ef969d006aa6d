import type { Clock } from '@fog/kernel';

/** Token bucket with a burst of one second. */
export interface UnitBucket {
  /** Takes units, on credit when there are too few; returns how long to pause until the debt is paid. */
  take(units: number): number;
}

export function createUnitBucket(clock: Clock, unitsPerSecond: number): UnitBucket {
  let units = unitsPerSecond;
  let lastMs = clock.monotonicMs();
  return {
    take: (count) => {
      const nowMs = clock.monotonicMs();
      units = Math.min(unitsPerSecond, units + ((nowMs - lastMs) / 1000) * unitsPerSecond);
      lastMs = nowMs;
      units -= count;
      return units >= 0 ? 0 : Math.ceil((-units / unitsPerSecond) * 1000);
    },
  };
}
