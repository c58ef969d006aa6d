import { seededRandom } from '../random.ts';

/** Any: equal fronts get equal figures. */
const SEED = 1;

/** As `exactHypervolume`, estimated: the share of random points between the ideal and the reference that is covered. */
export function sampledHypervolume(
  points: readonly Float64Array[],
  reference: Float64Array,
  samples: number,
): number {
  const random = seededRandom(SEED);
  const ideal = reference.map((_, at) =>
    points.reduce((least, point) => Math.min(least, point[at] as number), Infinity),
  );
  // What covers one sample is likely to cover the next: the largest boxes are asked first.
  const sorted = points.toSorted((a, b) => boxOf(b, reference) - boxOf(a, reference));
  const sample = new Float64Array(reference.length);
  let covered = 0;
  for (let drawn = 0; drawn < samples; drawn += 1) {
    for (const [at, low] of ideal.entries())
      sample[at] = low + random.next() * ((reference[at] as number) - low);
    if (sorted.some((point) => covers(point, sample))) covered += 1;
  }
  return (covered / samples) * boxOf(ideal, reference);
}

function covers(point: Float64Array, sample: Float64Array): boolean {
  for (let at = 0; at < point.length; at += 1)
    if ((point[at] as number) > (sample[at] as number)) return false;
  return true;
}

function boxOf(point: Float64Array, reference: Float64Array): number {
  return reference.reduce((product, value, at) => product * (value - (point[at] as number)), 1);
}
