/** Any number of objectives (Deb, Thiele, Laumanns, Zitzler 2002). */
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

function unit(variables: number): Pick<RealFunction, 'lower' | 'upper'> {
  return {
    lower: Array.from({ length: variables }, () => 0),
    upper: Array.from({ length: variables }, () => 1),
  };
}
