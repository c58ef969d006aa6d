import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../src/index.ts';

const draws = (seed: number): number[] => {
  const random = seededRandom(seed);
  return Array.from({ length: 5 }, () => random.below(1e9));
};

test('equal seeds give equal draws, for ever', () => {
  assert.deepEqual(draws(7), draws(7));
  assert.deepEqual(draws(0), [768_390_556, 406_045_989, 48_316_838, 865_254_803, 45_000_540]);
});

test('every bit of a seed counts', () => {
  const seeds = [0, 1, -1, 2 ** 31, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER];
  assert.equal(new Set(seeds.map((seed) => draws(seed).join())).size, seeds.length);
});

test('draws fill their range evenly', () => {
  const random = seededRandom(3);
  const counts = Array.from({ length: 10 }, () => 0);
  for (let draw = 0; draw < 100_000; draw += 1) {
    const value = random.next();
    assert.ok(value >= 0 && value < 1);
    const place = random.below(10);
    counts[place] = (counts[place] ?? 0) + 1;
  }
  for (const count of counts) assert.ok(Math.abs(count - 10_000) < 400, `${count}`);
});
