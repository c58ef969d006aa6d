import { areEqual, lexicographicOrder } from './lexicographic.ts';

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
  let last = NONE;
  for (const point of lexicographicOrder(points, count, objectives)) {
    let rank = 0;
    if (last !== NONE && areEqual(points, objectives, last, point)) rank = ranks[last] as number;
    else {
      const to = point * objectives;
      for (; rank < latest.length; rank += 1) {
        let member = latest[rank] as number;
        while (member !== NONE && !covers(points, member * objectives, to, objectives))
          member = previous[member] as number;
        if (member === NONE) break;
      }
    }
    previous[point] = latest[rank] ?? NONE;
    latest[rank] = point;
    ranks[point] = rank;
    last = point;
  }
  return ranks;
}

/** Whether `a`, which comes before `b`, is nowhere worse; its first objective is not, by the order. */
function covers(points: Float64Array, a: number, b: number, objectives: number): boolean {
  for (let at = 1; at < objectives; at += 1)
    if ((points[a + at] as number) > (points[b + at] as number)) return false;
  return true;
}
