/** Draws from the distributions that measured workloads and machines follow. */
import type { Random } from '@fog/scheduler';

export function normal(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.next()));
  return radius * Math.cos(2 * Math.PI * random.next());
}

export function logNormal(
  random: Random,
  { median, sigma }: { median: number; sigma: number },
): number {
  return median * Math.exp(sigma * normal(random));
}

export function exponential(random: Random, mean: number): number {
  return -mean * Math.log(1 - random.next());
}

/** Of two phases with balanced means: mostly short gaps and a few long ones. `cv` is above 1. */
export function hyperExponential(
  random: Random,
  { mean, cv }: { mean: number; cv: number },
): number {
  const isShort = 0.5 * (1 + Math.sqrt((cv ** 2 - 1) / (cv ** 2 + 1)));
  const share = random.next() < isShort ? isShort : 1 - isShort;
  return exponential(random, mean / (2 * share));
}

export function weibull(
  random: Random,
  { scale, shape }: { scale: number; shape: number },
): number {
  return scale * (-Math.log(1 - random.next())) ** (1 / shape);
}

export function logUniform(random: Random, low: number, high: number): number {
  return low * (high / low) ** random.next();
}

/** Ranks from 0, each drawn with a probability of 1 / (rank + 1) ** exponent. */
export function zipf(count: number, exponent: number): (random: Random) => number {
  const cumulative: number[] = [];
  let sum = 0;
  for (let rank = 1; rank <= count; rank += 1) {
    sum += rank ** -exponent;
    cumulative.push(sum);
  }
  return (random) => {
    const at = random.next() * sum;
    return Math.max(
      0,
      cumulative.findIndex((each) => at < each),
    );
  };
}
