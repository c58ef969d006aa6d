import assert from 'node:assert/strict';
import { test } from 'node:test';
import { solveLinear } from '../../../src/moo/survival/solve-linear.ts';

const rows = (...all: number[][]): Float64Array[] => all.map((row) => Float64Array.from(row));

test('solves, with a zero on the diagonal too', () => {
  const solution = solveLinear(rows([0, 2, 1], [1, 1, 0], [3, 0, 1]), Float64Array.of(7, 3, 6));
  assert.deepEqual(
    Array.from(solution ?? [], (value) => Number(value.toFixed(12))),
    [1, 2, 3],
  );
});

test('dependent rows have no solution', () => {
  assert.equal(solveLinear(rows([1, 2], [2, 4]), Float64Array.of(1, 1)), undefined);
});
