/** How often each length of a wait was seen: a few hundred counters, however many waits there are. */

/** Each counter spans 5 %: what is read back is at most so far off. */
const GROWTH = 1.05;
/** The last one takes what is longer than fifty days. */
const LAST = Math.ceil(Math.log(50 * 24 * 3_600_000) / Math.log(GROWTH));

/** Counts by the number of the span. */
export type WaitCounts = Map<number, number>;

export function spanOf(waitMs: number): number {
  if (!(waitMs > 1)) return 0;
  return Math.min(LAST, Math.ceil(Math.log(waitMs) / Math.log(GROWTH)));
}

/** The upper end of the span in which the percentile lies; undefined without any. */
export function percentileMs(counts: WaitCounts, percent: number): number | undefined {
  const total = counts.values().reduce((sum, count) => sum + count, 0);
  const rank = Math.ceil((total * percent) / 100);
  let seen = 0;
  for (const span of [...counts.keys()].toSorted((a, b) => a - b)) {
    seen += counts.get(span) ?? 0;
    if (seen >= rank) return GROWTH ** span;
  }
  return undefined;
}
