import { type Pool, pointOf } from '../pool.ts';
import { solveLinear } from './solve-linear.ts';

/** Off its axis, a distance of an extreme point weighs so much more. */
const OFF_AXIS = 1e6;

/** Shares of the front's width below this are none: an extreme point lies on its axis then. */
const CLOSE = 1e-3;

/** Intercepts narrower than this share of the front are a plane along the axis. */
const FLAT = 1e-6;

/**
 * Where the front lies and how wide it is (Deb, Jain 2014): the best of every objective so far, and where the plane
 * through the extreme points meets the axes; without such a plane, the worst of the front.
 */
export class ObjectiveFrame {
  readonly ideal: Float64Array;
  #extremes: readonly Float64Array[] = [];

  constructor(objectives: number) {
    this.ideal = new Float64Array(objectives).fill(Infinity);
  }

  /** Learns from the feasible of a generation and their first front; returns the width in each objective. */
  learn(pool: Pool<unknown>, feasible: Int32Array, front: Int32Array): Float64Array {
    for (const index of front)
      for (const [at, value] of pointOf(pool, index).entries())
        this.ideal[at] = Math.min(this.ideal[at] as number, value);
    const ofAll = this.#widths(pool, feasible);
    const ofFront = this.#widths(pool, front).map((width, at) => width || ofAll[at] || 1);
    const candidates = [...this.#extremes, ...Array.from(front, (index) => pointOf(pool, index))];
    this.#extremes = Array.from(this.ideal.keys(), (axis) =>
      // A copy: the pool moves its candidates.
      this.#extreme(candidates, ofFront, axis).slice(),
    );
    const intercepts = this.#intercepts(ofFront);
    return ofFront.map((width, at) =>
      intercepts === undefined
        ? width
        : Math.min(width * (intercepts[at] as number), Math.max(width, ofAll[at] as number)),
    );
  }

  #widths(pool: Pool<unknown>, members: Int32Array): Float64Array {
    const widths = new Float64Array(this.ideal.length);
    for (const index of members) {
      for (let at = 0; at < widths.length; at += 1) {
        const value = pool.points[index * widths.length + at] as number;
        widths[at] = Math.max(widths[at] as number, value - (this.ideal[at] as number));
      }
    }
    return widths;
  }

  /** The candidate nearest to the axis. */
  #extreme(candidates: readonly Float64Array[], widths: Float64Array, axis: number): Float64Array {
    let [best, least] = [candidates[0] as Float64Array, Infinity];
    for (const point of candidates) {
      const distance = this.#distance(point, widths, axis);
      if (distance >= least) continue;
      best = point;
      least = distance;
    }
    return best;
  }

  #distance(point: Float64Array, widths: Float64Array, axis: number): number {
    let most = 0;
    for (let at = 0; at < point.length; at += 1) {
      const share = ((point[at] as number) - (this.ideal[at] as number)) / (widths[at] as number);
      if (share >= CLOSE) most = Math.max(most, at === axis ? share : share * OFF_AXIS);
    }
    return most;
  }

  /** In widths; undefined when the extreme points span no plane that meets every axis. */
  #intercepts(widths: Float64Array): Float64Array | undefined {
    const rows = this.#extremes.map((point) => this.#scaled(point, widths));
    const plane = solveLinear(rows, new Float64Array(rows.length).fill(1));
    const intercepts = plane?.map((slope) => 1 / slope);
    return intercepts?.every((one) => one > FLAT && Number.isFinite(one)) === true
      ? intercepts
      : undefined;
  }

  #scaled(point: Float64Array, widths: Float64Array): Float64Array {
    return point.map((value, at) => (value - (this.ideal[at] as number)) / (widths[at] as number));
  }
}
