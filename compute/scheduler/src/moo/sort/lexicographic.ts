/** Indices of the points in lexicographic order: what dominates a point comes before it. */
export function lexicographicOrder(
  points: Float64Array,
  count: number,
  objectives: number,
): Int32Array {
  const order = Int32Array.from({ length: count }, (_, index) => index);
  return order.sort((a, b) => {
    for (let at = 0; at < objectives; at += 1) {
      const gap = (points[a * objectives + at] as number) - (points[b * objectives + at] as number);
      if (gap !== 0) return gap;
    }
    return a - b;
  });
}

export function areEqual(points: Float64Array, objectives: number, a: number, b: number): boolean {
  for (let at = 0; at < objectives; at += 1)
    if (points[a * objectives + at] !== points[b * objectives + at]) return false;
  return true;
}
