/** Two objectives (Zitzler, Deb, Thiele 2000). */
import type { RealFunction } from './real-coded.ts';

type Shape = (first: number, g: number) => number;

function zdt(
  lower: readonly number[],
  upper: readonly number[],
  parts: {
    readonly first?: (x: number) => number;
    readonly g: (rest: Float64Array) => number;
    readonly shape: Shape;
  },
): RealFunction {
  const { first = (x) => x, g, shape } = parts;
  return {
    objectives: 2,
    lower,
    upper,
    evaluate: (x, out) => {
      const f = first(x[0] as number);
      const height = g(x.subarray(1));
      out[0] = f;
      out[1] = height * shape(f, height);
    },
  };
}

const mean = (x: Float64Array): number => x.reduce((sum, value) => sum + value, 0) / x.length;
const slope = (rest: Float64Array): number => 1 + 9 * mean(rest);
const convex: Shape = (f, g) => 1 - Math.sqrt(f / g);
const concave: Shape = (f, g) => 1 - (f / g) ** 2;
const unit = (variables: number): [number[], number[]] => [fill(variables, 0), fill(variables, 1)];
const fill = (count: number, value: number): number[] => Array.from({ length: count }, () => value);

export const zdt1: RealFunction = zdt(...unit(30), { g: slope, shape: convex });
export const zdt2: RealFunction = zdt(...unit(30), { g: slope, shape: concave });
export const zdt3: RealFunction = zdt(...unit(30), {
  g: slope,
  shape: (f, g) => convex(f, g) - (f / g) * Math.sin(10 * Math.PI * f),
});
export const zdt4: RealFunction = zdt([0, ...fill(9, -5)], [1, ...fill(9, 5)], {
  g: (rest) =>
    rest.reduce((sum, x) => sum + x * x - 10 * Math.cos(4 * Math.PI * x), 1 + 10 * rest.length),
  shape: convex,
});
export const zdt6: RealFunction = zdt(...unit(10), {
  first: (x) => 1 - Math.exp(-4 * x) * Math.sin(6 * Math.PI * x) ** 6,
  g: (rest) => 1 + 9 * mean(rest) ** 0.25,
  shape: concave,
});

/** Points of the best front of ZDT1. */
export function zdt1Front(count: number): Float64Array[] {
  return Array.from({ length: count }, (_, at) => {
    const first = at / (count - 1);
    return Float64Array.of(first, 1 - Math.sqrt(first));
  });
}
