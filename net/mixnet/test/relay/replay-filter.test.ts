import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createReplayFilter, type ReplayFilter } from '../../src/relay/replay-filter.ts';
import { FILTER } from '../../src/relay/limits.ts';
import { seededRandom } from './seeded.ts';

const SECRET = Uint32Array.of(1, 2, 3, 4);

function tagsOf(seed: number, count: number): Uint8Array[] {
  const all = new Uint8Array(16 * count);
  seededRandom(seed)(all);
  return Array.from({ length: count }, (_, index) => all.subarray(index * 16, index * 16 + 16));
}

function fill(filter: ReplayFilter, tags: readonly Uint8Array[]): number {
  return tags.filter((tag) => filter.take(tag) === 'replay').length;
}

suite('replay filter', () => {
  test('no replay is ever let through, whatever segment its tag is in', () => {
    const filter = createReplayFilter(
      { firstTags: 64, maxTags: 5000, maxFalsePositives: 1e-5 },
      SECRET,
    );
    const tags = tagsOf(1, 4000);
    assert.equal(fill(filter, tags), 0);
    assert.equal(fill(filter, tags), 4000);
    assert.equal(filter.tags, 4000);
  });

  test('all segments together stay below the false-positive bound', () => {
    const options = { firstTags: 256, maxTags: 32_512, maxFalsePositives: 1e-3 };
    // One filter differs from the next by 8 %: the bound is on their mean.
    const [filters, probes] = [8, 60_000];
    let wrong = 0;
    for (let seed = 0; seed < filters; seed += 1) {
      const secret = new Uint32Array(4);
      seededRandom(100 + seed)(new Uint8Array(secret.buffer));
      const filter = createReplayFilter(options, secret);
      fill(filter, tagsOf(20 + seed, 33_000));
      assert.equal(filter.tags, options.maxTags);
      wrong += fill(filter, tagsOf(60 + seed, probes));
    }
    const rate = wrong / (filters * probes);
    assert.ok(rate > options.maxFalsePositives / 10, `${rate}: the filters were not full`);
    assert.ok(rate <= options.maxFalsePositives, `${rate}`);
  });

  test('an embedded filter keeps its bound at its cap', () => {
    const { firstTags } = FILTER.embedded;
    const { maxFalsePositives } = FILTER;
    const filter = createReplayFilter({ firstTags, maxTags: 200_000, maxFalsePositives }, SECRET);
    assert.ok(fill(filter, tagsOf(4, 200_000)) <= 6);
    const bitsPerTag = (filter.sizeBytes * 8) / 200_000;
    assert.ok(bitsPerTag < 40, `${bitsPerTag} bits a tag`);
  });

  test('full, it takes nothing new and still knows what it took', () => {
    const filter = createReplayFilter(
      { firstTags: 8, maxTags: 20, maxFalsePositives: 1e-5 },
      SECRET,
    );
    const tags = tagsOf(5, 21);
    assert.deepEqual(
      tags.map((tag) => filter.take(tag)),
      [...Array.from({ length: 20 }, () => 'fresh'), 'full'],
    );
    assert.equal(filter.take(tags[3] as Uint8Array), 'replay');
  });

  test('idle, it has no memory; saved, it goes on where it was', () => {
    const options = { firstTags: 64, maxTags: 1000, maxFalsePositives: 1e-5 };
    const filter = createReplayFilter(options, SECRET);
    assert.equal(filter.sizeBytes, 0);
    const tags = tagsOf(6, 200);
    fill(filter, tags);
    const { secret, segments } = filter.save();
    const again = createReplayFilter(options, secret, segments);
    assert.equal(again.tags, 200);
    assert.equal(fill(again, tags), 200);
  });
});
