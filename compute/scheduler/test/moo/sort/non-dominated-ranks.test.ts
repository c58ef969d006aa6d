import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bitsetRanks } from '../../../src/moo/sort/bitset.ts';
import { nonDominatedRanks } from '../../../src/moo/sort/non-dominated-ranks.ts';
import { sequentialSearchRanks } from '../../../src/moo/sort/sequential-search.ts';
import { staircaseRanks } from '../../../src/moo/sort/two-objectives.ts';
import { seededRandom } from '../../../src/moo/random.ts';
import { peeledRanks } from '../brute-force.ts';

type Points = readonly (readonly number[])[];

function everySorterAgrees(points: Points): void {
  const objectives = points[0]?.length ?? 2;
  const flat = Float64Array.from(points.flat());
  const expected = peeledRanks(points);
  const sorters = [nonDominatedRanks, sequentialSearchRanks, bitsetRanks];
  if (objectives === 2) sorters.push(staircaseRanks);
  for (const sort of sorters)
    assert.deepEqual([...sort(flat, points.length, objectives)], expected, sort.name);
}

function randomPoints(count: number, objectives: number, levels: number): Points {
  const random = seededRandom(count * 31 + objectives);
  return Array.from({ length: count }, () =>
    Array.from({ length: objectives }, () => random.below(levels) / levels),
  );
}

test('every sorter equals the definition on random points, with few and with many ties', () => {
  for (const objectives of [1, 2, 3, 5, 8])
    for (const count of [1, 2, 31, 32, 33, 150])
      for (const levels of [2, 5, 1e9]) everySorterAgrees(randomPoints(count, objectives, levels));
});

test('every sorter equals the definition where bits are faster', () => {
  everySorterAgrees(randomPoints(900, 5, 1e9));
  everySorterAgrees(randomPoints(900, 3, 8));
});

test('every sorter equals the definition on chains, equals, incomparables and duplicates', () => {
  const range = Array.from({ length: 70 }, (_, index) => index);
  for (const objectives of [2, 3, 5]) {
    const rest = objectives - 2;
    everySorterAgrees(range.map((at) => Array.from({ length: objectives }, () => -at)));
    everySorterAgrees(range.map(() => Array.from({ length: objectives }, () => 0.5)));
    everySorterAgrees(range.map((at) => [at, -at, ...Array.from({ length: rest }, () => 0)]));
    everySorterAgrees(
      range.map((at) => [at % 7, -(at % 7), ...Array.from({ length: rest }, () => at % 2)]),
    );
  }
  everySorterAgrees([]);
});

test('every sorter equals the definition on whatever points', () => {
  const value = fc.oneof(
    fc.integer({ min: -2, max: 2 }),
    fc.double({ noNaN: true, min: -1e300, max: 1e300 }),
  );
  const points = fc.integer({ min: 1, max: 6 }).chain((objectives) =>
    fc.array(fc.array(value, { minLength: objectives, maxLength: objectives }), {
      minLength: 1,
      maxLength: 40,
    }),
  );
  fc.assert(fc.property(points, everySorterAgrees));
});

test('a value that is no finite number is refused', () => {
  for (const value of [NaN, Infinity, -Infinity]) {
    assert.throws(() => nonDominatedRanks(Float64Array.of(0, 1, 2, value), 2, 2), {
      code: 'SCHEDULER_OBJECTIVE',
      message: `objective 3 of 4 is ${value}: every objective must be a finite number`,
    });
  }
});
