import { lexicographicOrder } from './lexicographic.ts';

/**
 * Ranks of points of two objectives. In lexicographic order the last of a front has its smallest second
 * objective, so that one comparison tells whether the front dominates a point, and the fronts are searched by halves.
 */
export function staircaseRanks(points: Float64Array, count: number): Int32Array {
  const ranks = new Int32Array(count);
  const last: number[] = [];
  for (const point of lexicographicOrder(points, count, 2)) {
    let [low, high] = [0, last.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (dominates(points, last[middle] as number, point)) low = middle + 1;
      else high = middle;
    }
    last[low] = point;
    ranks[point] = low;
  }
  return ranks;
}

/** For `a` lexicographically not after `b`. */
function dominates(points: Float64Array, a: number, b: number): boolean {
  const [aFirst, bFirst] = [points[2 * a] as number, points[2 * b] as number];
  const [aSecond, bSecond] = [points[2 * a + 1] as number, points[2 * b + 1] as number];
  return aSecond < bSecond || (aSecond === bSecond && aFirst < bFirst);
}
