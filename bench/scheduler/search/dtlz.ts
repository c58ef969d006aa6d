/** Any number of objectives (Deb, Thiele, Laumanns, Zitzler 2002). */
import { seededRandom } from '@fog/scheduler';
import type { RealFunction } from './real-coded.ts';

/** A flat front, and many local ones before it. */
export function dtlz1(objectives: number): RealFunction {
  return {
    objectives,
    ...unit(objectives - 1 + 5),
    evaluate: (x, out) => {
      const rest = x.subarray(objectives - 1);
      const g = rest.reduce(
        (sum, value) => sum + (value - 0.5) ** 2 - Math.cos(20 * Math.PI * (value - 0.5)),
        rest.length,
      );
      for (let at = 0; at < objectives; at += 1) {
        const corner = objectives - 1 - at;
        let product = 0.5 * (1 + 100 * g);
        for (let axis = 0; axis < corner; axis += 1) product *= x[axis] as number;
        out[at] = at === 0 ? product : product * (1 - (x[corner] as number));
      }
    },
  };
}

/** The front is a part of the unit sphere. */
export function dtlz2(objectives: number): RealFunction {
  return {
    objectives,
    ...unit(objectives - 1 + 10),
    evaluate: (x, out) => {
      const rest = x.subarray(objectives - 1);
      const radius = rest.reduce((sum, value) => sum + (value - 0.5) ** 2, 1);
      const angle = (at: number): number => ((x[at] as number) * Math.PI) / 2;
      for (let at = 0; at < objectives; at += 1) {
        const corner = objectives - 1 - at;
        let product = radius;
        for (let axis = 0; axis < corner; axis += 1) product *= Math.cos(angle(axis));
        out[at] = at === 0 ? product : product * Math.sin(angle(corner));
      }
    },
  };
}

/** Points of its best front, the same for equal arguments. */
export function dtlz2Front(objectives: number, count: number): Float64Array[] {
  const random = seededRandom(1);
  return Array.from({ length: count }, () => {
    const point = Float64Array.from({ length: objectives }, () =>
      normal(random.next(), random.next()),
    );
    const length = Math.hypot(...point);
    return point.map((value) => Math.abs(value) / length);
  });
}

/** By Box and Muller: normal coordinates have no favourite direction. */
function normal(a: number, b: number): number {
  return Math.sqrt(-2 * Math.log(1 - a)) * Math.cos(2 * Math.PI * b);
}

function unit(variables: number): Pick<RealFunction, 'lower' | 'upper'> {
  return {
    lower: Array.from({ length: variables }, () => 0),
    upper: Array.from({ length: variables }, () => 1),
  };
}
