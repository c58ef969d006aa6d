import { assertFinite } from './finite.ts';
import { sampledHypervolume } from './volume/sampled.ts';
import { exactHypervolume } from './volume/wfg.ts';

/** Points up to which the exact volume takes less than about a second, by the number of objectives. */
const EXACT_UP_TO: readonly number[] = [0, 100_000, 100_000, 5000, 5000, 2000, 400, 150, 60];

/** With more objectives than the table has. */
const EXACT_AT_MOST = 20;

/** The standard error is below 0.35 % of the box between the ideal and the reference. */
const SAMPLES = 20_000;

/**
 * Volume that the points dominate, up to the reference; all objectives are minimised. Points that are not better
 * than the reference in every objective add nothing. Exact for fronts of usual size, else estimated by 20,000
 * samples of a fixed seed.
 */
export function hypervolume(points: readonly Float64Array[], reference: Float64Array): number {
  assertFinite(reference);
  for (const point of points) assertFinite(point);
  const inside = points.filter((point) =>
    point.every((value, at) => value < (reference[at] as number)),
  );
  if (inside.length === 0) return 0;
  const isSmall = inside.length <= (EXACT_UP_TO[reference.length] ?? EXACT_AT_MOST);
  return isSmall
    ? exactHypervolume(inside, reference)
    : sampledHypervolume(inside, reference, SAMPLES);
}
