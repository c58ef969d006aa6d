import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ObjectiveFrame } from '../../../src/moo/survival/objective-frame.ts';
import { poolOf } from '../pool-of.ts';

function widths(
  frame: ObjectiveFrame,
  points: readonly number[][],
  front: readonly number[],
): number[] {
  const all = Int32Array.from(points.keys());
  const learnt = frame.learn(poolOf(points), all, Int32Array.from(front));
  return Array.from(learnt, (width) => Number(width.toFixed(9)));
}

test('the plane through the extreme points gives the widths', () => {
  const frame = new ObjectiveFrame(2);
  assert.deepEqual(
    widths(
      frame,
      [
        [0, 8],
        [1, 3],
        [4, 0],
      ],
      [0, 1, 2],
    ),
    [4, 8],
  );
  assert.deepEqual([...frame.ideal], [0, 0]);
});

test('without a plane the worst of the front gives the widths', () => {
  assert.deepEqual(widths(new ObjectiveFrame(2), [[1, 1]], [0]), [1, 1]);
  assert.deepEqual(
    widths(
      new ObjectiveFrame(2),
      [
        [1, 5],
        [1, 9],
      ],
      [0],
    ),
    [1, 4],
  );
});

test('the ideal and the extreme points outlive their generation', () => {
  const frame = new ObjectiveFrame(2);
  widths(
    frame,
    [
      [0, 8],
      [4, 0],
    ],
    [0, 1],
  );
  assert.deepEqual(
    widths(
      frame,
      [
        [1, 3],
        [2, 2],
        [9, 9],
      ],
      [0, 1],
    ),
    [4, 8],
  );
  assert.deepEqual([...frame.ideal], [0, 0]);
});

test('an objective without range has a width of 1', () => {
  assert.deepEqual(
    widths(
      new ObjectiveFrame(3),
      [
        [0, 8, 7],
        [4, 0, 7],
      ],
      [0, 1],
    )[2],
    1,
  );
});
