/** The Beta distribution: regularised incomplete integral and its inverse. */

/** Terms of the continued fraction: some ten suffice for counts in the hundreds. */
const MAX_TERMS = 500;
/** Steps of the inverse: Newton needs about five, halving alone 60. */
const MAX_STEPS = 100;
/** Relative step after which the inverse is as exact as the integral it undoes. */
const SMALL_STEP = 1e-13;
/** Relative size below which a term changes nothing. */
const TINY_TERM = 1e-15;
/** Keeps the fraction away from a division by zero. */
const TINY = 1e-300;
/** Stirling's series is exact to the last digit from here. */
const STIRLING_FROM = 12;
/** B(2k) / (2k (2k - 1)), k = 1 … 6. */
const STIRLING = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360_360];

/** Natural logarithm of the gamma function of a positive number. */
export function lnGamma(x: number): number {
  let shift = 0;
  let at = x;
  for (; at < STIRLING_FROM; at += 1) shift += Math.log(at);
  let series = 0;
  let power = at;
  for (const term of STIRLING) {
    series += term / power;
    power *= at * at;
  }
  return (at - 0.5) * Math.log(at) - at + Math.log(2 * Math.PI) / 2 + series - shift;
}

/** Probability that a Beta(a, b) variate is at most x. */
export function betaCdf(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  return scaledCdf(x, a, b, lnScaleOf(a, b));
}

/** Of the density: what makes its integral 1. */
function lnScaleOf(a: number, b: number): number {
  return lnGamma(a + b) - lnGamma(a) - lnGamma(b);
}

function scaledCdf(x: number, a: number, b: number, lnScale: number): number {
  const front = Math.exp(lnScale + a * Math.log(x) + b * Math.log1p(-x));
  // The fraction converges fast on this side of the mean only.
  return x < (a + 1) / (a + b + 2)
    ? (front * fraction(x, a, b)) / a
    : 1 - (front * fraction(1 - x, b, a)) / b;
}

/** The x below which a Beta(a, b) variate is with probability p. */
export function betaQuantile(p: number, a: number, b: number): number {
  let low = 0;
  let high = 1;
  let x = a / (a + b);
  const lnScale = lnScaleOf(a, b);
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const error = scaledCdf(x, a, b, lnScale) - p;
    if (error > 0) high = x;
    else low = x;
    const density = Math.exp(lnScale + (a - 1) * Math.log(x) + (b - 1) * Math.log1p(-x));
    const newton = x - error / density;
    if (Math.abs(newton - x) <= SMALL_STEP * x) return x;
    x = newton > low && newton < high ? newton : (low + high) / 2;
  }
  return x;
}

/** Continued fraction of the incomplete integral (DLMF 8.17.22) by Lentz' method. */
function fraction(x: number, a: number, b: number): number {
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let value = d;
  for (let m = 1; m <= MAX_TERMS; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    value *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    const factor = d * c;
    value *= factor;
    if (Math.abs(factor - 1) < TINY_TERM) break;
  }
  return value;
}

function away(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}
