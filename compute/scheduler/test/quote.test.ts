import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SLA_TIERS } from '@fog/wire';
import { explainRefusal, quotedPrice, refusalOf } from '../src/index.ts';
import { congestionOf } from '../src/quote.ts';
import { node, task } from './fixture.ts';

const GB = 1e9;
const CREDIT = 1_000_000;
const prices = { cpuHour: CREDIT, gbHour: 100_000, gpuHour: 4 * CREDIT, spotDiscount: 0.25 };
const dear = node('dear', { prices, slots: 4, cores: 8, gpus: 2 });
const terms = { hours: 2, congestion: 0 };

test('a quote is the asking price of what the task holds, for so long', () => {
  const big = task({ cores: 2, memoryBytes: 3 * GB, gpus: 1 });
  assert.equal(quotedPrice(big, dear, terms), (2 + 0.3 + 4) * CREDIT * 2);
  assert.equal(quotedPrice(big, node('free'), terms), 0);
  // Without a wish for cores a task holds one.
  assert.equal(quotedPrice(task({ memoryBytes: 0 }), dear, terms), 2 * CREDIT);
});

test('the tier multiplies it, a full node asks 30 % more, and what may be pre-empted pays less', () => {
  const plain = task({ memoryBytes: 0 });
  const factors = SLA_TIERS.map(
    (tier) => quotedPrice({ ...plain, tier }, dear, terms) / (2 * CREDIT),
  );
  assert.deepEqual(factors, [1, 2.5, 5, 8]);
  assert.equal(quotedPrice(plain, dear, { hours: 2, congestion: 1 }), 2.6 * CREDIT);
  assert.equal(quotedPrice({ ...plain, isSpot: true }, dear, terms), 1.5 * CREDIT);
});

test('a node is as congested as its slots are taken', () => {
  const shares = [0, 1, 4, 9].map((held) => congestionOf({ ...dear, held }));
  assert.deepEqual(shares, [0, 0.25, 1, 1]);
  assert.equal(congestionOf({ ...dear, slots: 0 }), 1);
});

test('the highest price of a job is held against the same quote', () => {
  const poor = { memoryBytes: 0, maxPrice: { credits: 2 * CREDIT, hours: 2 } };
  assert.equal(refusalOf(task(poor), dear), undefined);
  assert.equal(refusalOf(task({ ...poor, tier: 'silver' }), dear), 'price');
  const busy = { ...dear, held: 2 };
  assert.equal(refusalOf(task(poor), busy), 'price');
  assert.equal(
    explainRefusal('price', task(poor), busy),
    'could cost 2.3 credits for one task, and the job pays 2 credits',
  );
});

test('copies apart by region go to nodes that name theirs', () => {
  const apart = task({ excludedRegions: new Set(['eu']) });
  const [eu, us, anywhere] = [node('a', { region: 'eu' }), node('b', { region: 'us' }), node('c')];
  assert.equal(refusalOf(apart, eu), 'same-region');
  assert.equal(refusalOf(apart, us), undefined);
  assert.equal(refusalOf(apart, anywhere), 'same-region');
  assert.match(explainRefusal('same-region', apart, anywhere), /^names no region/);
  assert.match(explainRefusal('same-region', apart, eu), /^is in eu, as another copy/);
});
