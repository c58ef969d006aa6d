import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { drawBelow, drawExponential, drawUniform } from '../../src/client/draws.ts';
import { delayQuantileMs, erlangQuantile } from '../../src/client/erlang.ts';
import { seededRandom } from './mem-network.ts';

describe('Erlang quantiles', () => {
  it('are those of the tables', () => {
    for (const [count, quantile, expected] of [
      [1, 0.5, Math.LN2],
      [3, 0.999, 11.229],
      [5, 0.999, 14.794],
      [10, 0.999, 22.657],
    ] as const) {
      assert.ok(Math.abs(erlangQuantile(count, quantile) - expected) < 1e-3);
    }
    assert.equal(erlangQuantile(0, 0.999), 0);
  });

  it('cover the share of drawn delays they say, whatever the classes', () => {
    const random = seededRandom(4);
    const means = [0, 5_000, 20_000, 100_000, 1_000_000];
    for (const classes of [
      [1, 1, 1],
      [0, 3, 0],
      [1, 2, 3, 4],
      [0, 0],
    ]) {
      const limitMs = delayQuantileMs(means, classes, 0.99);
      let within = 0;
      for (let draw = 0; draw < 5_000; draw += 1) {
        const sum = classes.reduce(
          (total, each) => total + drawExponential(random, (means[each] ?? 0) / 1_000),
          0,
        );
        if (sum <= limitMs) within += 1;
      }
      assert.ok(within >= 0.985 * 5_000, `${classes.join()}: ${within}`);
    }
  });
});

describe('draws', () => {
  it('stay in their ranges and are even', () => {
    const random = seededRandom(5);
    const counts = [0, 0, 0, 0, 0];
    for (let draw = 0; draw < 10_000; draw += 1) {
      const uniform = drawUniform(random);
      assert.ok(uniform > 0 && uniform <= 1);
      const index = drawBelow(random, counts.length);
      counts[index] = (counts[index] ?? 0) + 1;
    }
    for (const count of counts) assert.ok(Math.abs(count - 2_000) < 200, counts.join());
  });

  it('take the ends of the generator', () => {
    assert.equal(
      drawBelow((bytes) => bytes.fill(0), 3),
      2,
    );
    assert.equal(
      drawBelow((bytes) => bytes.fill(255), 3),
      0,
    );
    assert.ok(Number.isFinite(drawExponential((bytes) => bytes.fill(0), 1)));
  });
});
