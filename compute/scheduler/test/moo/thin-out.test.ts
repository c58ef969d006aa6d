import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hypervolume, seededRandom } from '../../src/index.ts';
import { crowdingDistances } from '../../src/moo/crowding.ts';
import { thinOut } from '../../src/moo/thin-out.ts';

type Points = readonly (readonly number[])[];

function thinned(points: Points, size: number): number[] {
  const flat = Float64Array.from(points.flat());
  return [...thinOut(flat, points.length, points[0]?.length ?? 1, size)];
}

/** Everything anew after each point that leaves. */
function plainlyThinned(points: Points, size: number): number[] {
  const axes = [...(points[0] ?? []).keys()];
  const low = axes.map((at) => Math.min(...points.map((point) => point[at] as number)));
  const range = axes.map(
    (at) => Math.max(...points.map((point) => point[at] as number)) - (low[at] as number),
  );
  const share = (index: number, at: number): number =>
    ((points[index]?.[at] as number) - (low[at] as number)) / ((range[at] as number) || 1);
  const loss = (index: number, other: number): number =>
    axes.reduce((sum, at) => sum + Math.max(0, share(other, at) - share(index, at)) ** 2, 0);
  const best = new Set(axes.map((at) => points.findIndex((point) => point[at] === low[at])));
  let left = [...points.keys()];
  while (left.length > size) {
    const losses = left.map((index) =>
      size >= axes.length && best.has(index)
        ? Infinity
        : Math.min(...left.filter((other) => other !== index).map((other) => loss(index, other))),
    );
    const dropped = losses.indexOf(Math.min(...losses));
    left = left.filter((_, place) => place !== dropped);
  }
  return left;
}

const POINTS = fc.integer({ min: 1, max: 5 }).chain((objectives) =>
  fc.array(
    fc.array(fc.integer({ min: 0, max: 9 }), { minLength: objectives, maxLength: objectives }),
    {
      minLength: 1,
      maxLength: 25,
    },
  ),
);

test('who leaves is who would leave if everything were counted anew', () => {
  fc.assert(
    fc.property(POINTS, fc.integer({ min: 1, max: 25 }), (points, size) => {
      assert.deepEqual(thinned(points, size), plainlyThinned(points, size));
    }),
  );
});

test('nobody leaves while there is room, and one stays in the smallest', () => {
  const points = [
    [0, 3],
    [1, 1],
    [3, 0],
  ];
  assert.deepEqual(thinned(points, 3), [0, 1, 2]);
  assert.deepEqual(thinned(points, 9), [0, 1, 2]);
  assert.equal(thinned(points, 1).length, 1);
});

test('points close together leave first, whatever the unit of an objective', () => {
  const line = [0, 1, 2, 10, 20, 30].map((x) => [x, (30 - x) * 1e6]);
  assert.deepEqual(thinned(line, 4), [0, 3, 4, 5]);
});

test('with five objectives more volume stays than by crowding distances', () => {
  const random = seededRandom(1);
  const points = Array.from({ length: 400 }, () => {
    const one = Array.from({ length: 5 }, () => -Math.log(1 - random.next()));
    return one.map((value) => value / Math.hypot(...one));
  });
  const flat = Float64Array.from(points.flat());
  const distances = new Float64Array(points.length);
  crowdingDistances(flat, 5, Int32Array.from(points.keys()), distances);
  const spread = [...points.keys()].toSorted((a, b) =>
    (distances[a] as number) < (distances[b] as number) ? 1 : -1,
  );
  const volume = (chosen: readonly number[]): number =>
    hypervolume(
      chosen.map((index) => Float64Array.from(points[index] as readonly number[])),
      new Float64Array(5).fill(1.1),
    );
  assert.ok(volume(thinned(points, 60)) > 1.05 * volume(spread.slice(0, 60)));
});
