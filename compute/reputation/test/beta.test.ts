import assert from 'node:assert/strict';
import { test } from 'node:test';
import { betaCdf, betaQuantile, lnGamma } from '../src/beta.ts';
import { drawBeta } from '../src/draw.ts';
import { seeded } from './seeded.ts';

const CLOSE = 1e-12;

test('the gamma function has its factorials and the root of pi', () => {
  let factorial = 1;
  for (let n = 1; n < 20; n += 1) {
    assert.ok(Math.abs(lnGamma(n) - Math.log(factorial)) < CLOSE * n, `${n}`);
    factorial *= n;
  }
  assert.ok(Math.abs(lnGamma(0.5) - Math.log(Math.PI) / 2) < CLOSE);
});

test('the distribution agrees with its closed forms', () => {
  for (const n of [0.2, 0.6, 1, 1.4, 7, 59, 1_000]) {
    for (const x of [1e-6, 0.01, 0.3, 0.5, 0.9, 0.999]) {
      assert.ok(Math.abs(betaCdf(x, n, 1) - x ** n) < CLOSE, `${n} ${x}`);
      assert.ok(Math.abs(betaCdf(x, 1, n) + Math.expm1(n * Math.log1p(-x))) < CLOSE, `${n} ${x}`);
      assert.ok(Math.abs(betaCdf(x, n, 2.5) + betaCdf(1 - x, 2.5, n) - 1) < CLOSE, `${n} ${x}`);
    }
  }
});

test('the distribution is the tail of the binomial one', () => {
  const n = 30;
  for (const k of [1, 7, 22, 30]) {
    for (const x of [0.1, 0.5, 0.8]) {
      let tail = 0;
      for (let i = k; i <= n; i += 1) tail += choose(n, i) * x ** i * (1 - x) ** (n - i);
      assert.ok(Math.abs(betaCdf(x, k, n - k + 1) - tail) < CLOSE);
    }
  }
});

test('the quantile undoes the distribution, also far out', () => {
  const random = seeded(1);
  for (let round = 0; round < 500; round += 1) {
    const a = 0.3 + random() * 10 ** (4 * random());
    const b = 0.3 + random() * 10 ** (4 * random());
    for (const p of [1e-4, 0.05, 0.5, 0.95]) {
      const x = betaQuantile(p, a, b);
      assert.ok(x >= 0 && x <= 1, `${a} ${b} ${p}`);
      assert.ok(Math.abs(betaCdf(x, a, b) - p) < 1e-9, `${a} ${b} ${p}: ${betaCdf(x, a, b)}`);
    }
  }
  assert.ok(Math.abs(betaQuantile(0.05, 59, 1) - 0.05 ** (1 / 59)) < CLOSE);
});

test('draws have the mean and the variance of the distribution', () => {
  const random = seeded(2);
  for (const [a, b] of [
    [0.6, 1.4],
    [3, 3],
    [90, 6],
  ] as const) {
    const draws = Array.from({ length: 20_000 }, () => drawBeta(a, b, random));
    const mean = draws.reduce((sum, x) => sum + x, 0) / draws.length;
    const variance = draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / draws.length;
    const expected = (a * b) / ((a + b) ** 2 * (a + b + 1));
    assert.ok(Math.abs(mean - a / (a + b)) < 4 * Math.sqrt(expected / draws.length));
    assert.ok(Math.abs(variance / expected - 1) < 0.05, `${a} ${b}`);
  }
});

test('a generator that repeats itself hangs nobody', () => {
  for (const stuck of [0, 0.5, 1 - 2 ** -32]) {
    const drawn = drawBeta(2, 0.5, () => stuck);
    assert.ok(drawn >= 0 && drawn <= 1, `${stuck}: ${drawn}`);
  }
});

function choose(n: number, k: number): number {
  let ways = 1;
  for (let i = 1; i <= k; i += 1) ways = (ways * (n - k + i)) / i;
  return ways;
}
