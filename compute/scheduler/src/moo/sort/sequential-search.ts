import { lexicographicOrder } from './lexicographic.ts';

const NONE = -1;

/**
 * Efficient non-dominated sort with sequential search (Zhang, Tian, Cheng, Jin 2015): points in lexicographic
 * order join the first front none of whose members dominates them; members are asked from the latest on.
 */
export function sequentialSearchRanks(
  points: Float64Array,
  count: number,
  objectives: number,
): Int32Array {
  const ranks = new Int32Array(count);
  // A front is a list from its latest member back.
  const latest: number[] = [];
  const previous = new Int32Array(count);
  for (const point of lexicographicOrder(points, count, objectives)) {
    let rank = 0;
    while (rank < latest.length) {
      let member = latest[rank] as number;
      while (
        member !== NONE &&
        !dominates(points, member * objectives, point * objectives, objectives)
      )
        member = previous[member] as number;
      if (member === NONE) break;
      rank += 1;
    }
    previous[point] = latest[rank] ?? NONE;
    latest[rank] = point;
    ranks[point] = rank;
  }
  return ranks;
}

/** Whether the point that begins at `a` is nowhere worse and somewhere better than that at `b`. */
function dominates(points: Float64Array, a: number, b: number, objectives: number): boolean {
  let better = false;
  for (let at = 0; at < objectives; at += 1) {
    const gap = (points[a + at] as number) - (points[b + at] as number);
    if (gap > 0) return false;
    if (gap < 0) better = true;
  }
  return better;
}
