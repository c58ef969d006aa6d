import type { Solution } from './problem.ts';
import { thinOut } from './thin-out.ts';

/** It grows to so many times its size before it is thinned out: often would cost more than the offers. */
const SLACK = 2;

/**
 * All mutually non-dominated feasible points that were offered. Beyond its size those leave that others stand in
 * for best, never the best of an objective. Equal points count as one.
 */
export class Archive<Genome> {
  readonly #size: number;
  readonly #objectives: number;
  readonly #genomes: Genome[] = [];
  /** Side by side: every offer is compared with all of them. */
  readonly #points: Float64Array;

  /** A size of 0 keeps nothing. */
  constructor(size: number, objectives: number) {
    this.#size = size;
    this.#objectives = objectives;
    this.#points = new Float64Array((SLACK * size + 1) * objectives);
  }

  /** The point is copied. */
  offer(genome: Genome, point: Float64Array): void {
    if (this.#size === 0) return;
    const genomes = this.#genomes;
    let kept = 0;
    for (let index = 0; index < genomes.length; index += 1) {
      const verdict = compare(this.#points, index * this.#objectives, point);
      if (verdict === 'covers') {
        // What rejects one rejects others: it is asked earlier next time. Nothing left before it.
        this.#swap(index, index >> 1);
        return;
      }
      if (verdict === 'apart') this.#move(index, kept++);
    }
    genomes.length = kept;
    genomes.push(genome);
    this.#points.set(point, kept * this.#objectives);
    if (genomes.length > SLACK * this.#size) this.#truncate();
  }

  front(): readonly Solution<Genome>[] {
    if (this.#genomes.length > this.#size) this.#truncate();
    return this.#genomes.map((genome, index) => ({
      genome,
      objectives: this.#point(index).slice(),
      violation: 0,
    }));
  }

  #truncate(): void {
    const stay = thinOut(this.#points, this.#genomes.length, this.#objectives, this.#size);
    for (const [to, from] of stay.entries()) this.#move(from, to);
    this.#genomes.length = stay.length;
  }

  #point(index: number): Float64Array {
    return this.#points.subarray(index * this.#objectives, (index + 1) * this.#objectives);
  }

  #move(from: number, to: number): void {
    if (from === to) return;
    this.#genomes[to] = this.#genomes[from] as Genome;
    this.#points.copyWithin(
      to * this.#objectives,
      from * this.#objectives,
      (from + 1) * this.#objectives,
    );
  }

  #swap(a: number, b: number): void {
    const genome = this.#genomes[b] as Genome;
    const point = this.#point(b).slice();
    this.#move(a, b);
    this.#genomes[a] = genome;
    this.#points.set(point, a * this.#objectives);
  }
}

/** The member that begins at `from` covers a point when it is nowhere worse, and is covered when nowhere better. */
function compare(
  points: Float64Array,
  from: number,
  point: Float64Array,
): 'covers' | 'covered' | 'apart' {
  let [better, worse] = [false, false];
  for (let at = 0; at < point.length; at += 1) {
    const gap = (points[from + at] as number) - (point[at] as number);
    if (gap < 0) better = true;
    else if (gap > 0) worse = true;
    if (better && worse) return 'apart';
  }
  return worse ? 'covered' : 'covers';
}
