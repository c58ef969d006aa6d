import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hypervolume, seededRandom } from '../../src/index.ts';
import { exactHypervolume } from '../../src/moo/volume/wfg.ts';
import { sampledHypervolume } from '../../src/moo/volume/sampled.ts';
import { includedExcludedVolume } from './brute-force.ts';

const of = (...points: number[][]): Float64Array[] => points.map((one) => Float64Array.from(one));

function near(actual: number, expected: number, tolerance = 1e-9): void {
  assert.ok(
    Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected)),
    `${actual} is not ${expected}`,
  );
}

test('known volumes', () => {
  const two = Float64Array.of(4, 4);
  assert.equal(hypervolume([], two), 0);
  assert.equal(hypervolume(of([1, 3], [2, 2], [3, 1]), two), 6);
  assert.equal(hypervolume(of([1, 3], [1, 3], [3, 3.5]), two), 3);
  assert.equal(hypervolume(of([2]), Float64Array.of(5)), 3);
  near(hypervolume(of([0, 0, 0], [-1, 0.5, 0.5]), Float64Array.of(1, 1, 1)), 1.25);
  const cube = Array.from({ length: 6 }, () => 0.5);
  near(hypervolume(of(cube), new Float64Array(6).fill(1)), 0.5 ** 6);
});

test('what is not better than the reference everywhere adds nothing', () => {
  const reference = Float64Array.of(1, 1);
  assert.equal(hypervolume(of([0.5, 1], [2, 0], [0.5, 0.5]), reference), 0.25);
});

test('the exact volume is that of inclusion and exclusion', () => {
  const value = fc.oneof(
    fc.integer({ min: 0, max: 4 }).map((n) => n / 4),
    fc.double({ noNaN: true, min: 0, max: 1 }),
  );
  const points = fc.integer({ min: 1, max: 6 }).chain((objectives) =>
    fc.array(fc.array(value, { minLength: objectives, maxLength: objectives }), {
      minLength: 1,
      maxLength: 8,
    }),
  );
  fc.assert(
    fc.property(points, (all) => {
      const reference = (all[0] as number[]).map(() => 1.1);
      near(
        hypervolume(of(...all), Float64Array.from(reference)),
        includedExcludedVolume(all, reference),
      );
    }),
  );
});

test('samples estimate the exact volume, and always alike', () => {
  const random = seededRandom(3);
  const points = Array.from({ length: 60 }, () =>
    Float64Array.from({ length: 4 }, () => random.next()),
  );
  const reference = new Float64Array(4).fill(1.1);
  near(sampledHypervolume(points, reference, 20_000), exactHypervolume(points, reference), 0.01);
  assert.equal(
    sampledHypervolume(points, reference, 20_000),
    sampledHypervolume(points, reference, 20_000),
  );
});

test('a front too large to be measured exactly is estimated', () => {
  const random = seededRandom(5);
  const points = Array.from({ length: 100 }, () =>
    Float64Array.from({ length: 8 }, () => random.next()),
  );
  const reference = new Float64Array(8).fill(1);
  assert.equal(hypervolume(points, reference), sampledHypervolume(points, reference, 20_000));
});

test('a point that is no number is refused', () => {
  assert.throws(() => hypervolume(of([0, NaN]), Float64Array.of(1, 1)), {
    code: 'SCHEDULER_OBJECTIVE',
  });
});
