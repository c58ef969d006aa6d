import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Archive } from '../../src/moo/archive.ts';
import { dominates } from './brute-force.ts';

function archived(size: number, points: readonly number[][]): number[][] {
  const archive = new Archive<number>(size, points[0]?.length ?? 1);
  for (const [index, point] of points.entries()) archive.offer(index, Float64Array.from(point));
  return archive.front().map((one) => [...one.objectives]);
}

const POINTS = fc.array(fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 3, maxLength: 3 }), {
  minLength: 1,
  maxLength: 60,
});

test('with room it holds the non-dominated of all that were offered, once', () => {
  fc.assert(
    fc.property(POINTS, (points) => {
      const expected = points.filter((one) => !points.some((other) => dominates(other, one)));
      const names = (all: readonly number[][]): string[] => all.map((one) => one.join()).toSorted();
      assert.deepEqual(names(archived(1000, points)), [...new Set(names(expected))].toSorted());
    }),
  );
});

test('without room it stays mutually non-dominated and keeps the best of every objective', () => {
  fc.assert(
    fc.property(POINTS, (points) => {
      const kept = archived(8, points);
      assert.ok(kept.length <= 8);
      for (const one of kept) assert.ok(!kept.some((other) => dominates(other, one)));
      for (const at of [0, 1, 2]) {
        const least = (all: readonly number[][]): number =>
          Math.min(...all.map((one) => one[at] as number));
        assert.equal(least(kept), least(points));
      }
    }),
  );
});

test('the most crowded leave', () => {
  const line = [0, 1, 2, 10, 20, 30].map((x) => [x, 30 - x]);
  assert.deepEqual(
    archived(4, line).map(([x]) => x),
    [0, 10, 20, 30],
  );
});

test('a size of 0 keeps nothing', () => {
  assert.deepEqual(archived(0, [[1, 2]]), []);
});
