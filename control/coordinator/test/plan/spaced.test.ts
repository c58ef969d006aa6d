import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '@fog/testkit';
import { spaced } from '../../src/plan/spaced.ts';

test('the first call acts at once, those that follow closely act together', () => {
  const clock = new VirtualClock();
  const actedAt: number[] = [];
  const start = clock.monotonicMs();
  const { ask, stop } = spaced(clock, 50, () => actedAt.push(clock.monotonicMs() - start));
  for (let call = 0; call < 1_000; call += 1) ask();
  assert.deepEqual(actedAt, [0]);
  clock.advance(50);
  assert.deepEqual(actedAt, [0, 50]);
  clock.advance(200);
  assert.deepEqual(actedAt, [0, 50], 'nobody asked');
  ask();
  ask();
  assert.deepEqual(actedAt, [0, 50, 250]);
  stop();
  clock.advance(100);
  assert.deepEqual(actedAt, [0, 50, 250]);
});

test('one that asks again while it acts is heard later', () => {
  const clock = new VirtualClock();
  let acts = 0;
  const { ask } = spaced(clock, 50, () => {
    acts += 1;
    if (acts < 3) ask();
  });
  ask();
  assert.equal(acts, 1);
  clock.advance(500);
  assert.equal(acts, 3);
});
