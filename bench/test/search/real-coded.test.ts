import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Random, seededRandom } from '@fog/scheduler';
import { realCoded, type RealFunction } from '../../scheduler/search/real-coded.ts';

const BOX: RealFunction = {
  objectives: 1,
  lower: [0, -5, 10],
  upper: [1, 5, 10.001],
  evaluate: (x, out) => out.set(x.subarray(0, 1)),
};

const problem = realCoded(BOX, { crossover: 2, mutation: 2 });

function isInside(x: Float64Array): boolean {
  return x.every(
    (value, at) => value >= (BOX.lower[at] as number) && value <= (BOX.upper[at] as number),
  );
}

function pairs(count: number, random: Random): [Float64Array, Float64Array][] {
  return Array.from({ length: count }, () => [problem.create(random), problem.create(random)]);
}

test('no operator leaves the bounds or touches a parent', () => {
  const random = seededRandom(1);
  for (const [a, b] of pairs(2000, random)) {
    const before = [a.slice(), b.slice()];
    const children = problem.cross(a, b, random);
    for (const one of [a, b, ...children, problem.mutate(a, random)]) assert.ok(isInside(one));
    assert.deepEqual([a, b], before);
  }
});

test('crossover spreads symmetrically around the middle of the parents, mutation around the parent', () => {
  const random = seededRandom(2);
  const [a, b] = [Float64Array.of(0.4, 0, 10), Float64Array.of(0.6, 0, 10)];
  let [crossed, mutated, moved] = [0, 0, 0];
  const middle = Float64Array.of(0.5, 0, 10.0005);
  for (let round = 0; round < 20_000; round += 1) {
    for (const child of problem.cross(a, b, random)) crossed += (child[0] as number) / 2;
    const shift = problem.mutate(middle, random)[1] as number;
    mutated += shift;
    if (shift !== 0) moved += 1;
  }
  assert.ok(Math.abs(crossed / 20_000 - 0.5) < 0.01);
  assert.ok(Math.abs(mutated / 20_000) < 0.05);
  assert.ok(Math.abs(moved / 20_000 - 1 / 3) < 0.02);
});

test('equal vectors have equal keys, and others others', () => {
  const random = seededRandom(3);
  const all = pairs(20_000, random).map(([one]) => one);
  assert.equal(new Set(all.map((one) => problem.key(one))).size, all.length);
  for (const one of all.slice(0, 9)) assert.equal(problem.key(one.slice()), problem.key(one));
});
