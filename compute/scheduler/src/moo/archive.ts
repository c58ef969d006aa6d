import { crowdingDistances } from './crowding.ts';
import type { Solution } from './problem.ts';

/** Members beyond the size, as a share of it, before the most crowded leave together. */
const SLACK = 1 / 8;

/**
 * All mutually non-dominated points that were offered. Beyond its size the most crowded leave, never the best of
 * an objective. Equal points count as one.
 */
export class Archive<Genome> {
  readonly #size: number;
  #members: Solution<Genome>[] = [];

  /** A size of 0 keeps nothing. */
  constructor(size: number) {
    this.#size = size;
  }

  /** A feasible solution; the point is copied. */
  offer(genome: Genome, point: Float64Array): void {
    if (this.#size === 0) return;
    const members = this.#members;
    let kept = 0;
    for (let index = 0; index < members.length; index += 1) {
      const member = members[index] as Solution<Genome>;
      const verdict = compare(member.objectives, point);
      if (verdict === 'covers') {
        // What rejects one rejects others: it is asked earlier next time.
        swap(members, index, index >> 1);
        return;
      }
      if (verdict === 'apart') members[kept++] = member;
    }
    members.length = kept;
    members.push({ genome, objectives: point.slice(), violation: 0 });
    if (members.length > this.#size * (1 + SLACK)) this.#truncate();
  }

  front(): readonly Solution<Genome>[] {
    if (this.#members.length > this.#size) this.#truncate();
    return this.#members;
  }

  #truncate(): void {
    const members = this.#members;
    const objectives = members[0]?.objectives.length ?? 0;
    const points = new Float64Array(members.length * objectives);
    for (const [index, member] of members.entries())
      points.set(member.objectives, index * objectives);
    const distances = new Float64Array(members.length);
    const order = Int32Array.from(members.keys());
    crowdingDistances(points, objectives, order, distances);
    const distance = (index: number): number => distances[index] as number;
    order.sort((a, b) => (distance(a) === distance(b) ? a - b : distance(b) - distance(a)));
    this.#members = Array.from(
      order.subarray(0, this.#size).sort(),
      (index) => members[index] as Solution<Genome>,
    );
  }
}

/** `covers`: nowhere worse; `covered`: nowhere better, and somewhere worse. */
function compare(member: Float64Array, point: Float64Array): 'covers' | 'covered' | 'apart' {
  let [better, worse] = [false, false];
  for (let at = 0; at < member.length; at += 1) {
    const gap = (member[at] as number) - (point[at] as number);
    if (gap < 0) better = true;
    else if (gap > 0) worse = true;
    if (better && worse) return 'apart';
  }
  return worse ? 'covered' : 'covers';
}

function swap(items: unknown[], a: number, b: number): void {
  const held = items[a];
  items[a] = items[b];
  items[b] = held;
}
