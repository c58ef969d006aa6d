/**
 * Crowding distance of NSGA-II (Deb et al. 2002) of the members of one front, written to `out` at their indices:
 * the sides of the box that their neighbours span, each as a share of the front's range. The best and the worst
 * in an objective are infinitely far; an objective without range counts for nothing.
 */
export function crowdingDistances(
  points: Float64Array,
  objectives: number,
  front: Int32Array,
  out: Float64Array,
): void {
  for (const member of front) out[member] = 0;
  const sorted = front.slice();
  // By member, as `out`: one objective is sorted at a time.
  const values = new Float64Array(out.length);
  for (let at = 0; at < objectives; at += 1) {
    for (const member of front) values[member] = points[member * objectives + at] as number;
    sorted.sort((a, b) => (values[a] as number) - (values[b] as number) || a - b);
    const value = (place: number): number => values[sorted[place] as number] as number;
    const end = sorted.length - 1;
    const range = value(end) - value(0);
    if (range === 0) continue;
    for (let place = 1; place < end; place += 1) {
      const member = sorted[place] as number;
      out[member] = (out[member] as number) + (value(place + 1) - value(place - 1)) / range;
    }
    out[sorted[0] as number] = Infinity;
    out[sorted[end] as number] = Infinity;
  }
}
