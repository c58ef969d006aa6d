import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  choose,
  chooseAndThin,
  correlationsOf,
  explainChoice,
  volumeOf,
} from '../../src/batch/choice.ts';
import { rankCorrelation } from '../../src/batch/correlation.ts';

const point = (...values: number[]): Float64Array => Float64Array.from(values);

/** Latency against cost; the middle one is near both ends. */
const front = [
  point(100, 0, 0.1, 9_000, 9_000),
  point(140, 0, 0.1, 2_000, 2_000),
  point(900, 0, 0.1, 1_000, 1_000),
];

test('the choice is the least weighted sum in the frame of the front: its units do not count', () => {
  assert.equal(choose(front, point(1, 1, 1, 1, 1)), 1);
  assert.equal(choose(front, point(1, 0, 0, 0, 0)), 0);
  assert.equal(choose(front, point(0, 0, 0, 1, 0)), 2);
  const inSeconds = front.map((one) => one.map((value, at) => (at === 0 ? value / 1_000 : value)));
  assert.equal(choose(inSeconds, point(1, 1, 1, 1, 1)), 1);
  assert.equal(choose([], point(1, 1, 1, 1, 1)), -1);
});

test('the choice is told with its values beside the range of the front', () => {
  const purpose = { weights: { latencyMs: 1, imbalance: 0, distrust: 0, cost: 1, price: 0 } };
  const words = explainChoice(front, 1, { ...purpose, because: 'by the weights of the gold tier' });
  assert.match(words, /^of 3 plans .* by the weights of the gold tier: latency 140 ms \(100 ms to/);
  assert.match(
    words,
    /distrust 0.100, cost 0\.0020* credits \(0\.0010* credits to 0\.0090* credits\)/,
  );
});

test('the volume of a front is a share of its frame; a point by itself has none', () => {
  assert.equal(volumeOf([front[0] as Float64Array]), 0);
  const whole = volumeOf(front);
  assert(whole > 0.5 && whole < 1);
  assert(volumeOf([front[0], front[2]] as Float64Array[]) < whole);
});

test("ranks correlate as Spearman's do, equal values share their mean rank", () => {
  assert.equal(rankCorrelation([1, 2, 3, 4], [10, 100, 1_000, 5_000]), 1);
  assert.equal(rankCorrelation([1, 2, 3, 4], [4, 3, 2, 1]), -1);
  assert.equal(rankCorrelation([1, 1, 1], [1, 2, 3]), 0);
  // By hand: ranks 0, 1.5, 1.5, 3 and 0, 1, 2, 3.
  const tied = rankCorrelation([1, 5, 5, 9], [1, 2, 3, 4]);
  assert(Math.abs(tied - 4.5 / Math.sqrt(4.5 * 5)) < 1e-12);
  assert.deepEqual(correlationsOf(front.slice(0, 2)), {});
  assert.equal(correlationsOf(front)['cost~price'], 1);
});

test('of many plans the one chosen, the best of each objective and a hundred at most are told', () => {
  const plans = Array.from({ length: 400 }, (_, index) => ({
    measures: point(index, 400 - index, (index * 7) % 13, (index * 11) % 17, 1),
  }));
  const weights = point(1, 1, 1, 1, 1);
  const { plans: told, chosen } = chooseAndThin(plans, weights);
  assert(told.length <= 100);
  const all = plans.map(({ measures }) => measures);
  assert.equal(told[chosen], plans[choose(all, weights)]);
  for (const at of [0, 1, 2, 3])
    assert.equal(
      Math.min(...told.map(({ measures }) => measures[at] as number)),
      Math.min(...all.map((measures) => measures[at] as number)),
    );
  const few = plans.slice(0, 3);
  assert.deepEqual(chooseAndThin(few, weights).plans, few);
});
