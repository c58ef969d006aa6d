/**
 * Thins mutually non-dominated points out to `size` of the first `count`: drops, one after the other, the point that
 * another stands in for best. How badly is their IGD+ distance, what the other is worse by, in shares of the
 * range (it is also the shift-based density of Li, Yang, Liu 2014). Crowding distances fail here with more than
 * three objectives. The best of every objective stays if there is room for all. Returns who stays, in ascending order.
 */
export function thinOut(
  points: Float64Array,
  count: number,
  objectives: number,
  size: number,
): Int32Array {
  const { shares, best } = scaled(points, count, objectives);
  const left = Int32Array.from({ length: count }, (_, index) => index);
  const members = {
    shares,
    objectives,
    left,
    standIn: new Int32Array(count),
    losses: new Float64Array(count),
  };
  const spared = size >= objectives ? best : new Set<number>();
  let end = count;
  for (const index of left) findStandIn(members, index, end);
  while (end > size) {
    const place = leastLoss(members, end, spared);
    const dropped = left[place] as number;
    end -= 1;
    left.copyWithin(place, place + 1, end + 1);
    for (const index of left.subarray(0, end))
      if (members.standIn[index] === dropped) findStandIn(members, index, end);
  }
  return left.subarray(0, end);
}

interface Members {
  /** Objectives as shares of their range. */
  readonly shares: Float64Array;
  readonly objectives: number;
  /** Who is left, in ascending order. */
  readonly left: Int32Array;
  readonly standIn: Int32Array;
  /** Squares of the distances to the stand-ins. */
  readonly losses: Float64Array;
}

function scaled(
  points: Float64Array,
  count: number,
  objectives: number,
): { readonly shares: Float64Array; readonly best: ReadonlySet<number> } {
  const shares = new Float64Array(count * objectives);
  const best = new Set<number>();
  for (let at = 0; at < objectives; at += 1) {
    let [least, most] = [at, at];
    for (let from = at; from < shares.length; from += objectives) {
      if ((points[from] as number) < (points[least] as number)) least = from;
      if ((points[from] as number) > (points[most] as number)) most = from;
    }
    best.add((least - at) / objectives);
    const low = points[least] as number;
    const range = (points[most] as number) - low || 1;
    for (let from = at; from < shares.length; from += objectives)
      shares[from] = ((points[from] as number) - low) / range;
  }
  return { shares, best };
}

function findStandIn(
  { shares, objectives, left, standIn, losses }: Members,
  index: number,
  end: number,
): void {
  let least = Infinity;
  const from = index * objectives;
  for (let place = 0; place < end; place += 1) {
    const other = left[place] as number;
    if (other === index) continue;
    let loss = 0;
    for (let at = 0; at < objectives && loss < least; at += 1) {
      const worse = (shares[other * objectives + at] as number) - (shares[from + at] as number);
      if (worse > 0) loss += worse * worse;
    }
    if (loss >= least) continue;
    least = loss;
    standIn[index] = other;
  }
  losses[index] = least;
}

/** The place of who leaves next; an only one has no stand-in. */
function leastLoss({ left, losses }: Members, end: number, spared: ReadonlySet<number>): number {
  let [found, least] = [0, Infinity];
  for (let place = 0; place < end; place += 1) {
    const index = left[place] as number;
    const loss = losses[index] as number;
    if (loss >= least || spared.has(index)) continue;
    found = place;
    least = loss;
  }
  return found;
}
