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
  for (let at = 0; at < objectives; at += 1) {
    const value = (member: number | undefined): number =>
      points[(member as number) * objectives + at] as number;
    sorted.sort((a, b) => value(a) - value(b) || a - b);
    const [first, last] = [sorted[0] as number, sorted.at(-1) as number];
    const range = value(last) - value(first);
    if (range === 0) continue;
    out[first] = Infinity;
    out[last] = Infinity;
    for (let place = 1; place < sorted.length - 1; place += 1) {
      const member = sorted[place] as number;
      const side = value(sorted[place + 1]) - value(sorted[place - 1]);
      out[member] = (out[member] as number) + side / range;
    }
  }
}
