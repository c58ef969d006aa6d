/**
 * Exact volume between points and reference by the WFG algorithm (While, Bradstreet, Barone 2012): the sum of what
 * each point adds to those after it, which count only as far as they lie within it. Exponential at worst.
 * All points are better than the reference in every objective.
 */
export function exactHypervolume(points: readonly Float64Array[], reference: Float64Array): number {
  const objectives = reference.length;
  const sets = Array.from({ length: objectives + 1 }, () => ({
    points: new Float64Array(points.length * objectives),
    order: new Int32Array(points.length),
  }));
  for (const [index, point] of points.entries())
    sets[objectives]?.points.set(point, index * objectives);
  return volume({ reference, sets }, objectives, points.length);
}

interface Space {
  readonly reference: Float64Array;
  /** By the number of objectives still regarded. */
  readonly sets: readonly { readonly points: Float64Array; readonly order: Int32Array }[];
}

/** Of the first `count` points of the set of so many objectives. */
function volume(space: Space, objectives: number, count: number): number {
  if (objectives === 1) return length(space, count);
  if (objectives === 2) return area(space, count);
  const { points, order } = ordered(space, objectives, count);
  const stride = space.reference.length;
  const last = objectives - 1;
  let sum = 0;
  for (let place = 0; place < count; place += 1) {
    const from = (order[place] as number) * stride;
    const depth = (space.reference[last] as number) - (points[from + last] as number);
    const within = limit(space, objectives, order.subarray(place, count));
    sum += depth * (box(space, points, from, last) - volume(space, last, within));
  }
  return sum;
}

/** The worst in the last objective come first: as far as those after one lie within it, they share its value. */
function ordered(
  space: Space,
  objectives: number,
  count: number,
): { readonly points: Float64Array; readonly order: Int32Array } {
  const { points, order } = space.sets[objectives] as Space['sets'][number];
  const stride = space.reference.length;
  for (let index = 0; index < count; index += 1) order[index] = index;
  order
    .subarray(0, count)
    .sort(
      (a, b) =>
        (points[b * stride + objectives - 1] as number) -
        (points[a * stride + objectives - 1] as number),
    );
  return { points, order };
}

/**
 * Puts the parts of the later points that lie within the first one into the set of one objective less, without
 * those that others cover. Returns how many there are.
 */
function limit(space: Space, objectives: number, places: Int32Array): number {
  const { points } = space.sets[objectives] as Space['sets'][number];
  const { points: limited } = space.sets[objectives - 1] as Space['sets'][number];
  const stride = space.reference.length;
  const first = (places[0] as number) * stride;
  let count = 0;
  for (let place = 1; place < places.length; place += 1) {
    const from = (places[place] as number) * stride;
    const to = count * stride;
    for (let at = 0; at < objectives - 1; at += 1)
      limited[to + at] = Math.max(points[first + at] as number, points[from + at] as number);
    count = insert(limited, count, stride, objectives - 1);
  }
  return count;
}

/** The point behind the first `count` joins them unless one covers it; those that it covers leave. */
function insert(points: Float64Array, count: number, stride: number, objectives: number): number {
  const added = count * stride;
  let kept = 0;
  for (let index = 0; index < count; index += 1) {
    const from = index * stride;
    if (covers(points, from, added, objectives)) return count;
    if (covers(points, added, from, objectives)) continue;
    if (kept !== index) points.copyWithin(kept * stride, from, from + objectives);
    kept += 1;
  }
  if (kept !== count) points.copyWithin(kept * stride, added, added + objectives);
  return kept + 1;
}

function covers(points: Float64Array, a: number, b: number, objectives: number): boolean {
  for (let at = 0; at < objectives; at += 1)
    if ((points[a + at] as number) > (points[b + at] as number)) return false;
  return true;
}

function box({ reference }: Space, points: Float64Array, from: number, objectives: number): number {
  let product = 1;
  for (let at = 0; at < objectives; at += 1)
    product *= (reference[at] as number) - (points[from + at] as number);
  return product;
}

function length({ reference, sets }: Space, count: number): number {
  const { points } = sets[1] as Space['sets'][number];
  let longest = 0;
  for (let index = 0; index < count; index += 1)
    longest = Math.max(
      longest,
      (reference[0] as number) - (points[index * reference.length] as number),
    );
  return longest;
}

/** From the best second objective up, each point that is better in the first adds a strip as high as itself. */
function area(space: Space, count: number): number {
  const { points, order } = ordered(space, 2, count);
  const stride = space.reference.length;
  const [right, top] = [space.reference[0] as number, space.reference[1] as number];
  let sum = 0;
  let left = right;
  for (let place = count - 1; place >= 0; place -= 1) {
    const from = (order[place] as number) * stride;
    const first = points[from] as number;
    if (first >= left) continue;
    sum += (left - first) * (top - (points[from + 1] as number));
    left = first;
  }
  return sum;
}
