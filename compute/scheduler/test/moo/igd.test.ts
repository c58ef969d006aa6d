import assert from 'node:assert/strict';
import { test } from 'node:test';
import { igdPlus } from '../../src/moo/igd.ts';

const of = (...points: number[][]): Float64Array[] => points.map((one) => Float64Array.from(one));

test('nothing is missing where every known point is reached or beaten', () => {
  assert.equal(igdPlus(of([0, 1], [1, 0]), of([0, 1], [1, 0])), 0);
  assert.equal(igdPlus(of([0, 0]), of([0, 1], [1, 0])), 0);
});

test('only the objectives that are worse count', () => {
  assert.equal(igdPlus(of([3, -100]), of([0, 0])), 3);
  assert.equal(igdPlus(of([3, 4], [9, 9]), of([0, 0], [3, 4])), 2.5);
});
