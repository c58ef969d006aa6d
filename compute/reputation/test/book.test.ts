import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EVIDENCE_KINDS } from '@fog/wire';
import { betaQuantile } from '../src/beta.ts';
import {
  type Applied,
  type CounterRow,
  type Evidence,
  FOG_RATER,
  LEAST_CHECKED,
  LIE_WEIGHT,
  ReputationBook,
  TOLERATED_MEAN,
} from '../src/index.ts';
import {
  FORGETTING,
  HALF_LIFE_MS,
  MAX_FADE_MS,
  MAX_RATERS,
  MAX_SOURCES,
  MAX_WEIGHT,
  PRIOR_MEAN,
  PRIOR_WEIGHT,
  RATER_DAY_WEIGHT,
} from '../src/limits.ts';
import { DAY_MS, evidence, give, NOW } from './give.ts';
import { seeded } from './seeded.ts';

const ALPHA = PRIOR_MEAN * PRIOR_WEIGHT;
const BETA = (1 - PRIOR_MEAN) * PRIOR_WEIGHT;

/** The log of evidence has it. */
function isKept({ ignored }: Applied): boolean {
  return ignored === undefined || ignored === 'jump';
}

function near(actual: number, expected: number, what = ''): void {
  assert.ok(Math.abs(actual - expected) < 1e-9, `${what} ${actual} is not ${expected}`);
}

test('many events one by one are what the closed form says', () => {
  for (const n of [1, 7, 60, 1_000]) {
    const book = new ReputationBook();
    give(book, {}, n);
    const good = (1 - FORGETTING ** n) / (1 - FORGETTING);
    const score = book.score('n1', NOW);
    near(score.alpha, ALPHA + good, `${n}`);
    near(score.mean, (ALPHA + good) / (ALPHA + BETA + good));
    near(score.lower, betaQuantile(0.05, ALPHA + good, BETA));
    near(score.effective, good);
  }
});

test('one event of a weight is so many events of weight 1', () => {
  const heavy = new ReputationBook();
  const light = new ReputationBook();
  give(heavy, {}, 30);
  give(light, {}, 30);
  give(heavy, { good: false, weight: LIE_WEIGHT });
  give(light, { good: false }, LIE_WEIGHT);
  near(heavy.score('n1', NOW).alpha, light.score('n1', NOW).alpha);
  near(heavy.score('n1', NOW).beta, light.score('n1', NOW).beta);
});

test('evidence fades by half in its half-life, and by no more than an eighth at once', () => {
  const book = new ReputationBook();
  give(book, {}, 20);
  const fresh = book.score('n1', NOW).effective;
  near(book.score('n1', NOW + HALF_LIFE_MS).effective, fresh / 2);
  near(book.score('n1', NOW + 1_000 * MAX_FADE_MS).effective, fresh / 8);
  near(book.score('n1', NOW - HALF_LIFE_MS).effective, fresh);
});

test('nobody is worth more under a new name than a node that is tolerated', () => {
  const book = new ReputationBook();
  const unknown = book.score('unknown', NOW);
  assert.ok(unknown.mean < TOLERATED_MEAN);
  assert.equal(book.knows('unknown'), false);
  assert.ok(book.standing('unknown', NOW).isNewcomer);
  give(book, {}, 5);
  give(book, { good: false, weight: LIE_WEIGHT });
  give(book, {}, 5);
  assert.ok(book.score('n1', NOW).mean >= TOLERATED_MEAN);
  assert.ok(book.score('n1', NOW).mean > unknown.mean);
});

test('a node is checked always at first, then less and less, never not at all, and again after a lie', () => {
  const book = new ReputationBook();
  assert.equal(book.standing('n1', NOW).checkProbability, 1);
  give(book, {}, 12);
  const some = book.standing('n1', NOW).checkProbability;
  assert.ok(some > 0.05 && some < 0.1, `${some}`);
  give(book, {}, 2_000);
  assert.equal(book.standing('n1', NOW).checkProbability, LEAST_CHECKED);
  give(book, { good: false, weight: LIE_WEIGHT });
  assert.ok(book.standing('n1', NOW).checkProbability > 0.8);
  assert.ok(
    book.standing('n1', NOW + 90 * DAY_MS).checkProbability > 0.5,
    'a lie is not waited out',
  );
});

test('hundreds of right results pass the gate of class S; one lie, and they do not', () => {
  const book = new ReputationBook();
  give(book, {}, 100);
  const before = book.score('n1', NOW).lower;
  assert.ok(before > 0.93, `${before}`);
  give(book, {}, 200);
  assert.ok(book.score('n1', NOW).lower >= 0.95);
  give(book, { good: false, weight: LIE_WEIGHT });
  assert.ok(book.score('n1', NOW).lower < 0.95);
});

test('what is said twice, of nowhere or by nobody is left out and counted', () => {
  const book = new ReputationBook();
  const first = evidence();
  assert.equal(book.apply(first).ignored, undefined);
  assert.equal(book.apply(first).ignored, 'replay');
  assert.equal(book.apply(evidence({ source: first.source })).ignored, 'replay');
  assert.equal(book.apply(evidence({ id: first.id })).ignored, 'replay');
  const forged: Partial<Evidence>[] = [
    { source: '' },
    { node: '' },
    { rater: '' },
    { kind: 'gossip' as 'result' },
    { weight: 0 },
    { weight: -1 },
    { weight: Number.NaN },
    { weight: MAX_WEIGHT + 1 },
    { weight: Number.POSITIVE_INFINITY },
    { time: Number.NaN },
    { time: -1 },
    { time: Number.POSITIVE_INFINITY },
    { id: 1.5 },
  ];
  for (const over of forged) assert.equal(book.apply(evidence(over)).ignored, 'malformed');
  near(book.score('n1', NOW).effective, 1);
  const { replay, malformed } = book.ignored;
  assert.deepEqual([replay, malformed], [3, forged.length]);
});

test('sources are remembered up to a bound', () => {
  const book = new ReputationBook();
  const first = evidence();
  book.apply(first);
  give(book, {}, MAX_SOURCES - 1);
  assert.equal(book.apply(evidence({ source: first.source })).ignored, 'replay');
  give(book);
  assert.equal(book.apply(evidence({ source: first.source })).ignored, undefined);
});

test('the first word after a clock has jumped does not count', () => {
  const book = new ReputationBook();
  give(book, {}, 3);
  const century = NOW + 36_500 * DAY_MS;
  assert.equal(book.apply(evidence({ time: century })).ignored, 'jump');
  assert.equal(book.apply(evidence({ time: century })).ignored, undefined);
  assert.equal(book.apply(evidence()).ignored, 'jump');
  assert.equal(book.apply(evidence()).ignored, undefined);
  const { mean, lower, effective } = book.score('n1', NOW);
  for (const figure of [mean, lower, effective]) assert.ok(Number.isFinite(figure));
  assert.ok(effective < 5);
});

test('the word of an account for a node has a daily bound; its own nodes it cannot praise', () => {
  const book = new ReputationBook();
  give(book, { rater: 'o1' }, 10);
  assert.equal(book.knows('n1'), false);
  give(book, { rater: 'o2' }, 50);
  const cap = (1 - FORGETTING ** RATER_DAY_WEIGHT) / (1 - FORGETTING);
  near(book.score('n1', NOW).effective, cap);
  give(book, { rater: 'o2', time: NOW + DAY_MS });
  assert.ok(book.score('n1', NOW + DAY_MS).effective > cap - 1);
  assert.deepEqual([book.ignored.self, book.ignored.capped], [10, 30]);
});

test('the longest silent of too many raters makes room; the fog never does', () => {
  const book = new ReputationBook();
  give(book);
  for (let at = 0; at < MAX_RATERS - 1; at += 1) give(book, { rater: `r${at}` });
  const { dropped } = book.apply(evidence({ rater: 'late' }));
  assert.equal(dropped, 'r0');
  const raters = book.rows().map(({ rater }) => rater);
  assert.equal(raters.length, MAX_RATERS);
  assert.ok(raters.includes(FOG_RATER) && raters.includes('late') && !raters.includes('r0'));
});

test('being there never raises a score, failing more than is normal lowers it', () => {
  const book = new ReputationBook();
  give(book, {}, 20);
  const before = book.score('n1', NOW);
  give(book, { kind: 'availability' }, 200);
  assert.equal(book.score('n1', NOW).mean, before.mean);
  give(book, { kind: 'availability', good: false }, 2);
  assert.equal(book.score('n1', NOW).mean, before.mean, 'some failures are normal');
  give(book, { kind: 'availability', good: false }, 30);
  assert.ok(book.score('n1', NOW).mean < before.mean);
  give(book, { node: 'idle', kind: 'availability' }, 200);
  assert.equal(book.score('idle', NOW).lower, book.score('nobody', NOW).lower);
  assert.deepEqual([book.knows('n1'), book.knows('idle')], [true, false]);
});

test('a relay is judged by its audits, and by the lies it told elsewhere', () => {
  const book = new ReputationBook();
  give(book, { kind: 'relay_loss' }, 50);
  assert.ok(book.score('n1', NOW, 'relay').lower > 0.8);
  assert.ok(book.score('n1', NOW).lower < 0.1);
  give(book, { good: false, weight: LIE_WEIGHT });
  assert.ok(book.score('n1', NOW, 'relay').lower < 0.8);
});

test('a good draw is rare for the unknown and usual for the proven', () => {
  const book = new ReputationBook();
  give(book, {}, 60);
  const random = seeded(5);
  const best = (node: string): number => {
    const draws = Array.from({ length: 1_000 }, () => book.sample(node, NOW, random));
    return draws.filter((draw) => draw > 0.9).length / draws.length;
  };
  assert.ok(best('n1') > 0.8);
  const unknown = best('unknown');
  assert.ok(unknown > 0.005 && unknown < 0.1, `${unknown}`);
});

const arbitrary = fc.record({
  time: fc.oneof(
    fc.integer({ min: NOW - 400 * DAY_MS, max: NOW + 400 * DAY_MS }),
    fc.constantFrom(0, Number.MAX_SAFE_INTEGER, Number.NaN, -5),
  ),
  node: fc.constantFrom('n1', 'n2', 'n3'),
  owner: fc.constantFrom('o1', 'o2'),
  kind: fc.constantFrom(...EVIDENCE_KINDS),
  good: fc.boolean(),
  weight: fc.oneof(fc.double({ min: 0, max: 12 }), fc.constantFrom(-1, Number.NaN)),
  rater: fc.constantFrom(FOG_RATER, 'o1', 'o2', 'o3', 'o4'),
  source: fc.constantFrom('', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'),
});

test('equal evidence in equal order gives equal bits; scores stay scores', () => {
  fc.assert(
    fc.property(fc.array(arbitrary, { maxLength: 60 }), (all) => {
      const one = new ReputationBook();
      const other = new ReputationBook();
      for (const [at, seen] of all.entries()) {
        one.apply({ ...seen, id: at + 1 });
        // Reading in between changes nothing.
        one.score('n1', NOW + at * DAY_MS);
        other.apply({ ...seen, id: at + 1 });
      }
      assert.deepEqual(one.rows(), other.rows());
      for (const node of ['n1', 'n2', 'n3']) {
        const score = one.score(node, NOW);
        assert.deepEqual(score, other.score(node, NOW));
        assert.ok(score.lower >= 0 && score.lower <= score.mean && score.mean <= 1);
        assert.ok(score.effective >= 0);
        const share = one.standing(node, NOW).checkProbability;
        assert.ok(share >= LEAST_CHECKED && share <= 1);
      }
    }),
  );
});

test('a book that is restored half way goes on with the same bits', () => {
  fc.assert(
    fc.property(fc.array(arbitrary, { maxLength: 60 }), fc.nat(60), (all, cut) => {
      const whole = new ReputationBook();
      const first = new ReputationBook();
      const log = all.map((seen, at): Evidence => ({ ...seen, id: at + 1 }));
      for (const seen of log) whole.apply(seen);
      const kept = log.slice(0, cut).filter((seen) => isKept(first.apply(seen)));
      const second = new ReputationBook();
      const rows = first.rows().toReversed();
      for (const row of rows) second.restore(JSON.parse(JSON.stringify(row)) as CounterRow);
      for (const seen of kept) second.remember(seen);
      for (const seen of log.slice(cut)) second.apply(seen);
      assert.deepEqual(second.rows(), whole.rows());
      for (const node of ['n1', 'n2', 'n3']) {
        assert.deepEqual(second.score(node, NOW), whole.score(node, NOW));
      }
    }),
  );
});

test('a restored book finds a jump, also of a node whose evidence is too old to be remembered', () => {
  const first = new ReputationBook();
  give(first);
  const second = new ReputationBook();
  for (const row of first.rows()) second.restore(row);
  const later = evidence({ time: NOW + MAX_FADE_MS + DAY_MS });
  assert.equal(first.apply(later).ignored, 'jump');
  assert.equal(second.apply(later).ignored, 'jump');
});

test('what is not kept leaves no trace: the log alone tells where a clock has jumped', () => {
  const live = new ReputationBook();
  const half = MAX_FADE_MS / 2 + DAY_MS;
  const heard = [
    evidence(),
    evidence({ time: NOW + half, rater: 'o1' }),
    evidence({ time: NOW + 2 * half }),
    evidence({ time: NOW + 2 * half }),
  ];
  const kept = heard.filter((seen) => isKept(live.apply(seen)));
  const again = new ReputationBook();
  for (const seen of kept) again.apply(seen);
  assert.deepEqual(again.rows(), live.rows());
});
