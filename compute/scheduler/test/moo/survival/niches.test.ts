import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../../src/moo/random.ts';
import { fillNiches } from '../../../src/moo/survival/niches.ts';
import { poolOf } from '../pool-of.ts';

const SQUARE = {
  ideal: Float64Array.of(0, 0),
  widths: Float64Array.of(1, 10),
  directions: Float64Array.of(1, 0, Math.SQRT1_2, Math.SQRT1_2, 0, 1),
};

function chosen(points: readonly number[][], kept: readonly number[], room: number): number[] {
  const front = Int32Array.from([...points.keys()].filter((index) => !kept.includes(index)));
  const input = { kept, front, room, random: seededRandom(1) };
  return fillNiches(poolOf(points), SQUARE, input).toSorted((a, b) => a - b);
}

test('every direction gets its nearest point first', () => {
  const points = [
    [1, 1],
    [1, 2],
    [0.5, 5],
    [0.5, 7],
    [0.1, 9],
    [0, 9],
  ];
  assert.deepEqual(chosen(points, [], 3), [0, 2, 5]);
});

test('directions that have one wait for those that have none', () => {
  const points = [
    [1, 0],
    [0.9, 0],
    [0.8, 0],
    [0.5, 5],
    [0, 9],
  ];
  assert.deepEqual(chosen(points, [0], 2), [3, 4]);
  assert.equal(chosen(points, [0], 3).length, 3);
});

test('a crowd in one direction fills what room is left', () => {
  const points = Array.from({ length: 9 }, (_, at) => [1, at / 100]);
  assert.equal(chosen(points, [], 5).length, 5);
  assert.equal(new Set(chosen(points, [], 9)).size, 9);
});
