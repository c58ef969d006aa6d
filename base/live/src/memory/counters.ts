import type { Clock } from '@fog/kernel';
import { MAX_COUNTERS } from '../limits.ts';
import type { Count } from '../live.ts';

interface Window {
  count: number;
  readonly endsAtMs: number;
}

export interface Counters {
  count(key: string, windowMs: number): Count;
  read(key: string): Count;
}

export function createCounters(clock: Pick<Clock, 'monotonicMs'>): Counters {
  const windows = new Map<string, Window>();
  const open = (key: string): Window | undefined => {
    const window = windows.get(key);
    if (window === undefined || window.endsAtMs > clock.monotonicMs()) return window;
    windows.delete(key);
    return undefined;
  };
  const show = (window: Window | undefined): Count =>
    window === undefined
      ? { count: 0, leftMs: 0 }
      : { count: window.count, leftMs: window.endsAtMs - clock.monotonicMs() };
  return {
    count: (key, windowMs) => {
      const window = open(key) ?? { count: 0, endsAtMs: clock.monotonicMs() + windowMs };
      window.count += 1;
      if (windows.size >= MAX_COUNTERS && !windows.has(key)) {
        windows.delete(windows.keys().next().value as string);
      }
      windows.set(key, window);
      return show(window);
    },
    read: (key) => show(open(key)),
  };
}
