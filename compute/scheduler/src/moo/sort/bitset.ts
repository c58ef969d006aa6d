import { areEqual, lexicographicOrder } from './lexicographic.ts';

const WORD_BITS = 32;

/**
 * Ranks by sets of bits, after the merge non-dominated sort (Moreno et al. 2020): per objective, the points not
 * worse than a point; their intersection over all objectives dominates it or equals it.
 */
export function bitsetRanks(points: Float64Array, count: number, objectives: number): Int32Array {
  const words = Math.ceil(count / WORD_BITS);
  const order = lexicographicOrder(points, count, objectives);
  const above = noWorse({ points, order, objectives, words });
  const fronts: Int32Array[] = [];
  const ranks = new Int32Array(count);
  let from = 0;
  while (from < count) {
    // Equal points do not dominate each other: they join their front together.
    let end = from + 1;
    const isEqual = (place: number): boolean =>
      areEqual(points, objectives, order[from] as number, order[place] as number);
    while (end < count && isEqual(end)) end += 1;
    const row = above.subarray(from * words, (from + 1) * words);
    // Who is dominated by a member of a front is dominated by a member of every earlier one.
    let [low, high] = [0, fronts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (intersects(row, fronts[middle] as Int32Array)) low = middle + 1;
      else high = middle;
    }
    const front = (fronts[low] ??= new Int32Array(words));
    for (let place = from; place < end; place += 1) {
      setBit(front, place);
      ranks[order[place] as number] = low;
    }
    from = end;
  }
  return ranks;
}

interface Sorted {
  readonly points: Float64Array;
  readonly order: Int32Array;
  readonly objectives: number;
  readonly words: number;
}

/** A row of bits per place of the order: the places whose points are not worse in any objective. */
function noWorse({ points, order, objectives, words }: Sorted): Int32Array {
  const count = order.length;
  const rows = new Int32Array(count * words).fill(-1);
  const places = Int32Array.from({ length: count }, (_, place) => place);
  const values = new Float64Array(count);
  const seen = new Int32Array(words);
  for (let at = 0; at < objectives; at += 1) {
    for (let place = 0; place < count; place += 1)
      values[place] = points[(order[place] as number) * objectives + at] as number;
    places.sort((a, b) => (values[a] as number) - (values[b] as number));
    seen.fill(0);
    let from = 0;
    while (from < count) {
      let end = from;
      while (end < count && values[places[end] as number] === values[places[from] as number])
        setBit(seen, places[end++] as number);
      for (; from < end; from += 1) intersect(rows, (places[from] as number) * words, seen);
    }
  }
  return rows;
}

function intersect(rows: Int32Array, offset: number, set: Int32Array): void {
  for (let word = 0; word < set.length; word += 1)
    rows[offset + word] = (rows[offset + word] as number) & (set[word] as number);
}

function intersects(a: Int32Array, b: Int32Array): boolean {
  for (let word = 0; word < a.length; word += 1)
    if (((a[word] as number) & (b[word] as number)) !== 0) return true;
  return false;
}

function setBit(set: Int32Array, bit: number): void {
  const word = Math.floor(bit / WORD_BITS);
  set[word] = (set[word] as number) | (1 << (bit % WORD_BITS));
}
