import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crowdingDistances } from '../../src/moo/crowding.ts';

function distances(points: readonly number[][]): number[] {
  const out = new Float64Array(points.length);
  const front = Int32Array.from(points.keys());
  crowdingDistances(Float64Array.from(points.flat()), points[0]?.length ?? 0, front, out);
  return [...out];
}

test('the sides of the box between neighbours, infinite at the extremes', () => {
  assert.deepEqual(
    distances([
      [0, 4],
      [1, 2],
      [2, 1],
      [4, 0],
    ]),
    [Infinity, 1.25, 1.25, Infinity],
  );
  assert.deepEqual(distances([[3, 3]]), [0]);
  assert.deepEqual(
    distances([
      [0, 1],
      [1, 0],
    ]),
    [Infinity, Infinity],
  );
});

test('an objective without range counts for nothing', () => {
  assert.deepEqual(
    distances([
      [0, 7],
      [1, 7],
      [2, 7],
    ]),
    [Infinity, 1, Infinity],
  );
  assert.deepEqual(
    distances([
      [7, 7],
      [7, 7],
      [7, 7],
    ]),
    [0, 0, 0],
  );
});

test('only the members of the front are regarded', () => {
  const out = Float64Array.of(-1, -1, -1, -1);
  crowdingDistances(Float64Array.of(0, 9, 1, 2), 1, Int32Array.of(0, 2, 3), out);
  assert.deepEqual([...out], [Infinity, -1, 0.5 + 0.5, Infinity]);
});
