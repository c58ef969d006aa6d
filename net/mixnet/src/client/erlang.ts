/** How long a packet may take: relays draw their delays, so a sender's timers are quantiles. */

const CACHE = new Map<string, number>();

/** Quantile of the sum of `count` exponential variables of mean 1. */
export function erlangQuantile(count: number, quantile: number): number {
  if (count < 1) return 0;
  const key = `${count}/${quantile}`;
  const known = CACHE.get(key);
  if (known !== undefined) return known;
  let [low, high] = [0, 1];
  while (erlangBelow(count, high) < quantile) high *= 2;
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2;
    if (erlangBelow(count, middle) < quantile) low = middle;
    else high = middle;
  }
  CACHE.set(key, high);
  return high;
}

/** Share of the sums that are at most `value`. */
function erlangBelow(count: number, value: number): number {
  let [term, sum] = [1, 1];
  for (let index = 1; index < count; index += 1) {
    term *= value / index;
    sum += term;
  }
  return 1 - Math.exp(-value) * sum;
}

/**
 * Within this a share of at least `quantile` of the packets with these delay classes has passed all hops.
 * Classes are summed one by one, which errs on the long side where they differ.
 */
export function delayQuantileMs(
  meansMicros: readonly number[],
  classes: readonly number[],
  quantile: number,
): number {
  let totalMs = 0;
  for (const [delayClass, meanMicros] of meansMicros.entries()) {
    const count = classes.filter((each) => each === delayClass).length;
    totalMs += (meanMicros / 1_000) * erlangQuantile(count, quantile);
  }
  return totalMs;
}
