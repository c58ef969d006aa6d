/**
 * Directions of NSGA-III: the points of the densest even grid on the unit simplex that has at most `atMost` points
 * (Das, Dennis 1998), but at least its corners. A grid too coarse for a point inside gets a second one, at half
 * its size, from what is left (Deb, Jain 2014).
 */
export function referencePoints(objectives: number, atMost: number): readonly Float64Array[] {
  const partitions = densest(objectives, atMost);
  const outer = simplexGrid(objectives, partitions);
  const left = atMost - outer.length;
  if (partitions >= objectives || left < objectives) return outer;
  const inner = simplexGrid(objectives, densest(objectives, left));
  const centre = 1 / objectives;
  return [...outer, ...inner.map((point) => point.map((value) => (value + centre) / 2))];
}

/** All points whose objectives are multiples of one n-th and add up to 1. */
export function simplexGrid(objectives: number, partitions: number): readonly Float64Array[] {
  const points: Float64Array[] = [];
  const steps: number[] = [];
  const fill = (left: number): void => {
    if (steps.length === objectives - 1) {
      points.push(Float64Array.from([...steps, left], (step) => step / partitions));
      return;
    }
    for (let step = 0; step <= left; step += 1) {
      steps.push(step);
      fill(left - step);
      steps.pop();
    }
  };
  fill(partitions);
  return points;
}

function densest(objectives: number, atMost: number): number {
  // The grid of one objective is one point, however fine it is.
  if (objectives === 1) return 1;
  let partitions = 1;
  let size = objectives;
  for (;;) {
    // C(m + p, p + 1) from C(m + p - 1, p).
    size = (size * (objectives + partitions)) / (partitions + 1);
    if (size > atMost) return partitions;
    partitions += 1;
  }
}
