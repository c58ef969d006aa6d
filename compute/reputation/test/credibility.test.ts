import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Confirmation, credibilityOf } from '../src/credibility.ts';
import { ReputationBook } from '../src/index.ts';
import { VERIFIED_FULLY } from '../src/limits.ts';
import { DAY_MS, give, NOW } from './give.ts';

const MINUTE_MS = 60_000;

test('while the fog has verified nothing, everybody counts', () => {
  assert.equal(credibilityOf([{ rater: 'a', owner: 'b', weight: 5 }]).of('a'), 1);
});

test('trust flows from what is verified to those whom the verified confirm, and to nobody else', () => {
  const all: Confirmation[] = [
    { rater: undefined, owner: 'seed', weight: VERIFIED_FULLY },
    { rater: undefined, owner: 'half', weight: VERIFIED_FULLY / 2 },
    { rater: undefined, owner: 'liar', weight: -5 },
    { rater: 'seed', owner: 'friend', weight: 4 },
    { rater: 'friend', owner: 'far', weight: 1 },
    { rater: 'x', owner: 'y', weight: 100 },
    { rater: 'y', owner: 'x', weight: 100 },
    { rater: 'x', owner: 'x', weight: 100 },
  ];
  const { of, verified } = credibilityOf(all);
  assert.equal(of('seed'), 1);
  assert.ok(of('half') >= 0.5);
  assert.ok(of('friend') > 0.4 && of('friend') < 1);
  assert.ok(of('far') > 0.1 && of('far') < of('friend'));
  for (const nobody of ['x', 'y', 'liar', 'unheard']) assert.equal(of(nobody), 0, nobody);
  assert.deepEqual([verified('seed'), verified('liar'), verified('x')], [VERIFIED_FULLY, 0, 0]);
});

test('a pair that only praises each other ends with nothing once the fog has verified anybody', () => {
  const book = new ReputationBook();
  for (let day = 0; day < 10; day += 1) {
    const time = NOW + day * DAY_MS;
    give(book, { node: 'n1', owner: 'o1', rater: 'o2', time }, 20);
    give(book, { node: 'n2', owner: 'o2', rater: 'o1', time }, 20);
  }
  const later = NOW + 10 * DAY_MS;
  assert.ok(book.score('n1', later).lower > 0.9, 'nothing is known against them');
  give(book, { node: 'n3', owner: 'o3', time: later }, 10);
  assert.ok(book.score('n1', later).lower > 0.9, 'who is credible is found once a minute');
  book.refresh('n1');
  assert.ok(book.score('n1', later).lower < 0.1);
  const then = later + MINUTE_MS;
  assert.equal(book.score('n1', then).alpha, book.score('nobody', then).alpha);
  assert.ok(book.standing('n1', then).isNewcomer);
  assert.equal(book.auditProbability(['o1', 'o3']), 1);
  assert.ok(book.auditProbability(['o3']) < 0.2);
  // An account that is verified itself confirms one of them: its word counts.
  give(book, { node: 'n1', owner: 'o1', rater: 'o3', time: then }, 15);
  assert.ok(book.score('n1', then + MINUTE_MS).mean > 0.8);
});
