import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hypervolume, igdPlus } from '@fog/scheduler';
import { dtlz1, dtlz2, dtlz2Front } from '../../scheduler/search/dtlz.ts';
import type { RealFunction } from '../../scheduler/search/real-coded.ts';
import { quality } from '../../scheduler/search/settings.ts';
import { zdt1, zdt1Front, zdt2, zdt3, zdt4, zdt6 } from '../../scheduler/search/zdt.ts';

function valueOf(target: RealFunction, x: readonly number[]): number[] {
  const out = new Float64Array(target.objectives);
  target.evaluate(Float64Array.from(x), out);
  return Array.from(out, (value) => Number(value.toFixed(9)));
}

/** Hypervolume of the best front: the first variable runs over its range, the others are 0. */
function bestVolume(target: RealFunction): number {
  const points = Array.from({ length: 20_001 }, (_, at) => {
    const x = new Float64Array(target.lower.length);
    x[0] = at / 20_000;
    const out = new Float64Array(2);
    target.evaluate(x, out);
    return out;
  });
  return Number(hypervolume(points, Float64Array.of(1.1, 1.1)).toFixed(3));
}

test('the best fronts have their published volumes', () => {
  assert.equal(bestVolume(zdt1), 0.877);
  assert.equal(bestVolume(zdt2), 0.543);
  assert.equal(bestVolume(zdt3), 1.332);
  assert.equal(bestVolume(zdt4), 0.877);
  assert.equal(bestVolume(zdt6), 0.508);
});

test('values by hand', () => {
  const ones = (count: number): number[] => Array.from({ length: count }, () => 1);
  assert.deepEqual(valueOf(zdt1, ones(30)), [1, Number((10 * (1 - Math.sqrt(0.1))).toFixed(9))]);
  assert.deepEqual(valueOf(zdt4, [1, ...ones(9)]), [
    1,
    Number((10 * (1 - Math.sqrt(0.1))).toFixed(9)),
  ]);
  assert.deepEqual(valueOf(dtlz2(5), [0, 0, 0, 0, ...ones(10).map((x) => x / 2)]), [1, 0, 0, 0, 0]);
  assert.deepEqual(valueOf(dtlz2(3), [1, 0, ...ones(10).map((x) => x / 2)]), [0, 0, 1]);
  assert.deepEqual(
    valueOf(dtlz1(5), [1, 1, 1, 1, ...ones(5).map((x) => x / 2)]),
    [0.5, 0, 0, 0, 0],
  );
  assert.deepEqual(valueOf(dtlz1(3), [1, 0.5, ...ones(5).map((x) => x / 2)]), [0.25, 0.25, 0]);
  assert.deepEqual(valueOf(dtlz1(2), [1, ...ones(5).map((x) => x / 2 + 0.25)]), [
    0.5 * (1 + 100 * 5 * (1 + 0.0625 + 1)),
    0,
  ]);
});

test('known fronts lie where the best points are', () => {
  for (const point of dtlz2Front(5, 50)) assert.ok(Math.abs(Math.hypot(...point) - 1) < 1e-12);
  assert.ok(igdPlus(zdt1Front(1000), zdt1Front(77)) < 1e-3);
});

test('one seed comes near the published figures', () => {
  assert.ok(quality('zdt2', 1).volume > 0.53);
  const five = quality('dtlz2m5', 1);
  assert.ok(five.volume > 1.25 && (five.igdPlus ?? 1) < 0.12);
});
