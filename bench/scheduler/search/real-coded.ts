/** Vectors of real numbers, with the operators that the published figures were reached with. */
import type { Problem, Random } from '@fog/scheduler';

export interface RealFunction {
  readonly objectives: number;
  readonly lower: readonly number[];
  readonly upper: readonly number[];
  evaluate(x: Float64Array, out: Float64Array): void;
}

/** Distribution indices: the larger, the closer children stay to their parents. */
export interface Indices {
  readonly crossover: number;
  readonly mutation: number;
}

export function realCoded(target: RealFunction, indices: Indices): Problem<Float64Array> {
  const { objectives, lower, upper } = target;
  return {
    objectives,
    evaluate: (x, out) => {
      target.evaluate(x, out);
      return 0;
    },
    create: (random) => lerp(target, random),
    cross: (a, b, random) => {
      const pair = [a.slice(), b.slice()] as const;
      for (let at = 0; at < a.length; at += 1) {
        const range = [lower[at] as number, upper[at] as number] as const;
        if (random.next() < 0.5) crossOne(pair, at, range, { random, index: indices.crossover });
      }
      return pair;
    },
    mutate: (x, random) => {
      const mutated = x.slice();
      for (let at = 0; at < x.length; at += 1) {
        const range = [lower[at] as number, upper[at] as number] as const;
        if (random.next() < 1 / x.length)
          mutated[at] = mutateOne(x[at] as number, range, { random, index: indices.mutation });
      }
      return mutated;
    },
    key: hash,
  };
}

type Range = readonly [lower: number, upper: number];

interface Draw {
  readonly random: Random;
  readonly index: number;
}

function lerp({ lower, upper }: RealFunction, random: Random): Float64Array {
  return Float64Array.from(lower, (low, at) => low + random.next() * ((upper[at] as number) - low));
}

/** Simulated binary crossover within bounds (Deb, Agrawal 1995). */
function crossOne(
  [a, b]: readonly [Float64Array, Float64Array],
  at: number,
  [lower, upper]: Range,
  { random, index }: Draw,
): void {
  const low = Math.min(a[at] as number, b[at] as number);
  const high = Math.max(a[at] as number, b[at] as number);
  const gap = high - low;
  if (gap < 1e-14) return;
  const drawn = random.next();
  const spread = (room: number): number => {
    const alpha = 2 - (1 + (2 * room) / gap) ** -(index + 1);
    const base = drawn <= 1 / alpha ? drawn * alpha : 1 / (2 - drawn * alpha);
    return base ** (1 / (index + 1));
  };
  const middle = (low + high) / 2;
  const near = clamp(middle - (spread(low - lower) * gap) / 2, lower, upper);
  const far = clamp(middle + (spread(upper - high) * gap) / 2, lower, upper);
  const isSwapped = random.next() < 0.5;
  a[at] = isSwapped ? far : near;
  b[at] = isSwapped ? near : far;
}

/** Polynomial mutation within bounds (Deb, Goyal 1996). */
function mutateOne(value: number, [lower, upper]: Range, { random, index }: Draw): number {
  const range = upper - lower;
  const drawn = random.next();
  const isDown = drawn < 0.5;
  const tail = isDown ? drawn : 1 - drawn;
  const share = 1 - (isDown ? value - lower : upper - value) / range;
  const step = 1 - (2 * tail + (1 - 2 * tail) * share ** (index + 1)) ** (1 / (index + 1));
  return clamp(isDown ? value - step * range : value + step * range, lower, upper);
}

function clamp(value: number, lower: number, upper: number): number {
  return Math.min(upper, Math.max(lower, value));
}

/** 52 bits of two FNV-1a hashes over the words of the vector. */
function hash(x: Float64Array): number {
  let [a, b] = [0x811c9dc5, 0x050c5d1f];
  for (const word of new Int32Array(x.buffer, x.byteOffset, 2 * x.length)) {
    a = Math.imul(a ^ word, 0x01000193);
    b = Math.imul(b ^ (word >>> 7) ^ a, 0x01000193);
  }
  return (a >>> 0) * 2 ** 20 + (b >>> 12);
}
