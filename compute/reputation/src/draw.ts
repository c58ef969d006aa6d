/** Draws from a Beta distribution with a given generator. */

/** Uniform in [0, 1). */
export type Uniform = () => number;

/** Tries of the rejection method, of which one in twenty fails: a generator that repeats itself must not hang the caller. */
const MAX_TRIES = 100;

export function drawBeta(a: number, b: number, uniform: Uniform): number {
  const x = drawGamma(a, uniform);
  const y = drawGamma(b, uniform);
  return x + y > 0 ? x / (x + y) : a / (a + b);
}

/** Marsaglia and Tsang, "A simple method for generating gamma variables" (2000). */
function drawGamma(shape: number, uniform: Uniform): number {
  if (shape < 1) return drawGamma(shape + 1, uniform) * (1 - uniform()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const normal = drawNormal(uniform);
    const v = (1 + c * normal) ** 3;
    if (v <= 0) continue;
    if (Math.log(1 - uniform()) < (normal * normal) / 2 + d - d * v + d * Math.log(v)) return d * v;
  }
  return shape;
}

function drawNormal(uniform: Uniform): number {
  return Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}
