import { type Pool, pointOf } from '../pool.ts';
import type { Random } from '../random.ts';

/** How points relate to directions: shifted by the ideal, in widths of the front. */
export interface Frame {
  readonly ideal: Float64Array;
  readonly widths: Float64Array;
  /** Of length 1. */
  readonly directions: readonly Float64Array[];
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
  const counts = new Int32Array(frame.directions.length);
  const count = (niche: number): number => counts[niche] as number;
  for (const index of input.kept) {
    const { niche } = associate(pool, index, frame);
    counts[niche] = count(niche) + 1;
  }
  const candidates = Array.from(input.front, (index) => associate(pool, index, frame));
  const open = Map.groupBy(candidates, ({ niche }) => niche);
  const chosen: number[] = [];
  while (chosen.length < input.room) {
    const niche = drawLeast([...open.keys()], count, input.random);
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
  const point = pointOf(pool, index).map(
    (value, at) => (value - (ideal[at] as number)) / (widths[at] as number),
  );
  let [niche, along] = [0, -Infinity];
  for (let at = 0; at < directions.length; at += 1) {
    const share = dot(point, directions[at] as Float64Array);
    if (share <= along) continue;
    niche = at;
    along = share;
  }
  return { index, niche, distance: dot(point, point) - along * along };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at += 1) sum += (a[at] as number) * (b[at] as number);
  return sum;
}

function drawLeast(
  niches: readonly number[],
  count: (niche: number) => number,
  random: Random,
): number {
  const least = niches.reduce((fewest, niche) => Math.min(fewest, count(niche)), Infinity);
  const ties = niches.filter((niche) => count(niche) === least);
  return ties[random.below(ties.length)] as number;
}

function nearest(members: readonly Candidate[]): number {
  let best = 0;
  for (const [place, { distance }] of members.entries())
    if (distance < (members[best] as Candidate).distance) best = place;
  return best;
}
