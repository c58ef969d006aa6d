import { type Pool, pointOf } from '../pool.ts';
import type { Random } from '../random.ts';

/** How points relate to directions: shifted by the ideal, in widths of the front. */
export interface Frame {
  readonly ideal: Float64Array;
  readonly widths: Float64Array;
  /** Of length 1 each, one behind the other. */
  readonly directions: Float64Array;
}

interface Candidate {
  readonly index: number;
  readonly niche: number;
  /** Square of the distance from the direction. */
  readonly distance: number;
}

/** Chooses `room` of the front: always for a direction that has the fewest, beginning with who is nearest to it. */
export function fillNiches(
  pool: Pool<unknown>,
  frame: Frame,
  input: {
    readonly kept: readonly number[];
    readonly front: Int32Array;
    readonly room: number;
    readonly random: Random;
  },
): number[] {
  const counts = new Int32Array(frame.directions.length / frame.ideal.length);
  const count = (niche: number): number => counts[niche] as number;
  for (const index of input.kept) {
    const { niche } = associate(pool, index, frame);
    counts[niche] = count(niche) + 1;
  }
  const candidates = Array.from(input.front, (index) => associate(pool, index, frame));
  const open = Map.groupBy(candidates, ({ niche }) => niche);
  const chosen: number[] = [];
  while (chosen.length < input.room) {
    const niche = drawLeast(open.keys(), counts, input.random);
    const members = open.get(niche) as Candidate[];
    const place = count(niche) === 0 ? nearest(members) : input.random.below(members.length);
    const [winner] = members.splice(place, 1) as [Candidate];
    chosen.push(winner.index);
    counts[niche] = count(niche) + 1;
    if (members.length === 0) open.delete(niche);
  }
  return chosen;
}

/** The direction with the largest share of the point: the one with the least perpendicular distance. */
function associate(pool: Pool<unknown>, index: number, frame: Frame): Candidate {
  const { ideal, widths, directions } = frame;
  const point = pointOf(pool, index).slice();
  let square = 0;
  for (let at = 0; at < point.length; at += 1) {
    const share = ((point[at] as number) - (ideal[at] as number)) / (widths[at] as number);
    point[at] = share;
    square += share * share;
  }
  let [niche, along] = [0, -Infinity];
  for (let from = 0; from < directions.length; from += point.length) {
    let share = 0;
    for (let at = 0; at < point.length; at += 1)
      share += (point[at] as number) * (directions[from + at] as number);
    if (share <= along) continue;
    niche = from / point.length;
    along = share;
  }
  return { index, niche, distance: square - along * along };
}

function drawLeast(niches: Iterable<number>, counts: Int32Array, random: Random): number {
  let ties: number[] = [];
  let least = Infinity;
  for (const niche of niches) {
    const count = counts[niche] as number;
    if (count > least) continue;
    if (count < least) ties = [];
    least = count;
    ties.push(niche);
  }
  return ties[random.below(ties.length)] as number;
}

function nearest(members: readonly Candidate[]): number {
  let best = 0;
  for (const [place, { distance }] of members.entries())
    if (distance < (members[best] as Candidate).distance) best = place;
  return best;
}
