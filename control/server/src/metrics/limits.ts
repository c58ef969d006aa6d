/** Names of metrics: there are some dozens; a name made from outside data would be a bug, not a leak. */
export const MAX_METRICS = 500;
/** From a microsecond-sized peel to a delay of seconds, in whatever unit the name says. */
export const HISTOGRAM_BUCKETS: number[] = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 100_000,
];
