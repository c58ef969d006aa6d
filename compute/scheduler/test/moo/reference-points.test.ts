import assert from 'node:assert/strict';
import { test } from 'node:test';
import { referencePoints, simplexGrid } from '../../src/moo/reference-points.ts';

test('the grid has as many points as there are ways to share out its steps', () => {
  const counts = [
    [1, 4, 1],
    [2, 99, 100],
    [3, 12, 91],
    [5, 4, 70],
    [5, 5, 126],
    [5, 6, 210],
    [8, 3, 120],
    [15, 2, 120],
  ] as const;
  for (const [objectives, partitions, count] of counts) {
    const grid = simplexGrid(objectives, partitions);
    assert.equal(grid.length, count);
    assert.equal(new Set(grid.map((point) => point.join())).size, count);
  }
});

test('the densest grid that fits', () => {
  for (const [objectives, atMost, count] of [
    [1, 50, 1],
    [2, 100, 100],
    [3, 100, 91],
    [5, 126, 126],
    [5, 209, 126],
    [5, 210, 210],
  ] as const)
    assert.equal(referencePoints(objectives, atMost).length, count);
});

test('a coarse grid has a second one inside', () => {
  assert.equal(referencePoints(5, 100).length, 70 + 15);
  assert.equal(referencePoints(5, 50).length, 35 + 15);
  const inside = referencePoints(5, 50).filter((point) => point.every((value) => value > 0));
  assert.equal(inside.length, 15);
});

test('the corners are there, however few points are wanted', () => {
  const points = referencePoints(5, 1).map((point) => [...point].toSorted((a, b) => a - b));
  assert.deepEqual(
    points,
    Array.from({ length: 5 }, () => [0, 0, 0, 0, 1]),
  );
});

test('every point lies on the simplex', () => {
  for (const point of referencePoints(5, 300))
    assert.ok(Math.abs(point.reduce((sum, value) => sum + value, 0) - 1) < 1e-12);
});
