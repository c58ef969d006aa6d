import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SLA_TIERS, TIER_PROMISES } from '@fog/wire';
import { judgeEnd, judgeWait } from '../../src/sla/judge-job.ts';
import { isKept, newCounts, SLA_SPAN_MS, SlaBook } from '../../src/sla/sla-book.ts';
import { percentileMs, spanOf, type WaitCounts } from '../../src/sla/wait-counts.ts';
import { windowFromRow, windowRow } from '../../src/sla/window-row.ts';

const NOW = Date.UTC(2030, 0, 1);

test('each tier promises more than the one before, and costs more', () => {
  for (const [at, tier] of SLA_TIERS.slice(1).entries()) {
    const [less, more] = [TIER_PROMISES[SLA_TIERS[at] ?? 'bronze'], TIER_PROMISES[tier]];
    assert.ok(more.startMs < less.startMs);
    assert.ok(more.successPct > less.successPct);
    assert.ok(more.errorPct < less.errorPct);
    assert.ok(more.copies >= less.copies);
    assert.ok(more.priceFactor > less.priceFactor);
  }
});

test('a percentile is at most 5 % above the wait it stands for', () => {
  const waits = Array.from({ length: 1_000 }, (_, index) => (index + 1) * 7);
  const counts: WaitCounts = new Map();
  for (const wait of waits) counts.set(spanOf(wait), (counts.get(spanOf(wait)) ?? 0) + 1);
  for (const percent of [50, 95, 99, 100]) {
    const exact = waits[Math.ceil(percent * 10) - 1] ?? 0;
    const read = percentileMs(counts, percent) ?? 0;
    assert.ok(read >= exact * 0.999_999 && read <= exact * 1.05, `${percent}: ${read}, ${exact}`);
  }
  assert.equal(percentileMs(new Map(), 95), undefined);
});

test('a wait of no length, a wrong one and an endless one have a span', () => {
  assert.deepEqual([0, -1, Number.NaN].map(spanOf), [0, 0, 0]);
  assert.equal(spanOf(Number.POSITIVE_INFINITY), spanOf(1e15));
});

test('a tier is kept when 95 of 100 begin in time, to the one', () => {
  const { startMs } = TIER_PROMISES.silver;
  const book = new SlaBook();
  for (let one = 0; one < 95; one += 1) book.started('silver', startMs, NOW);
  for (let one = 0; one < 5; one += 1) book.started('silver', startMs + 1, NOW);
  const kept = book.measure('silver', NOW);
  assert.deepEqual([kept.starts, kept.lateStarts, kept.startP95Ms], [100, 5, startMs]);
  assert.equal(isKept('silver', kept), true);
  // One that waits beyond the promise counts before it begins.
  const waits = new Map([[spanOf(startMs * 9), 1]]);
  const broken = book.measure('silver', NOW, { ...newCounts(), waits, lateStarts: 1 });
  assert.deepEqual([broken.starts, broken.lateStarts], [101, 6]);
  assert.equal(isKept('silver', broken), false);
  assert.equal(isKept('gold', book.measure('gold', NOW)), undefined);
});

test('what is older than a day counts no more, and is dropped', () => {
  const book = new SlaBook();
  book.at('gold', NOW).tasks += 3;
  book.at('gold', NOW + SLA_SPAN_MS).tasks += 1;
  assert.equal(book.measure('gold', NOW + SLA_SPAN_MS).tasks, 4);
  assert.equal(book.measure('gold', NOW + SLA_SPAN_MS + 1).tasks, 1);
  // The result of an attempt whose loss is no longer among what is measured.
  book.at('silver', NOW).attempts += 1;
  book.at('silver', NOW).failedAttempts -= 1;
  assert.equal(book.measure('silver', NOW).errorPct, 0);
  assert.equal(book.prune(NOW + SLA_SPAN_MS + 1), NOW + 1);
  assert.equal(book.measure('gold', NOW + SLA_SPAN_MS).tasks, 1);
});

test('windows come back as they were stored', () => {
  const book = new SlaBook();
  book.started('bronze', 3_000, NOW);
  book.started('bronze', 20, NOW);
  const counts = book.at('bronze', NOW);
  Object.assign(counts, {
    tasks: 10,
    failedTasks: 1,
    attempts: 20,
    failedAttempts: 2,
    breaches: 1,
  });
  const again = new SlaBook();
  for (const window of book.takeChanged()) again.restore(windowFromRow(windowRow(window)));
  assert.deepEqual(again.measure('bronze', NOW), book.measure('bronze', NOW));
  assert.deepEqual(book.takeChanged(), []);
});

test('a breach is grave beyond 1.5 times the latency, and beyond twice the errors', () => {
  const { startMs } = TIER_PROMISES.gold;
  assert.equal(judgeWait('gold', startMs), undefined);
  assert.equal(judgeWait('gold', startMs * 1.5)?.severity, 'medium');
  assert.equal(judgeWait('gold', startMs * 1.5 + 1)?.severity, 'high');
  const bronze = { tasks: 1_000, failedTasks: 30, attempts: 1_000, failedAttempts: 30 };
  assert.deepEqual(judgeEnd('bronze', bronze), []);
  const severities = (over: object): string[] =>
    judgeEnd('bronze', { ...bronze, ...over }).map(({ kind, severity }) => `${kind} ${severity}`);
  assert.deepEqual(severities({ failedTasks: 31, failedAttempts: 31 }), [
    'success medium',
    'errors medium',
  ]);
  assert.deepEqual(severities({ failedTasks: 61 }), ['success high']);
  assert.deepEqual(severities({ failedAttempts: 61 }), ['errors high']);
});

test('a job with one task: a lost attempt is repeated and breaks nothing, a lost task does', () => {
  const one = { tasks: 1, failedTasks: 0, attempts: 2, failedAttempts: 1 };
  assert.deepEqual(judgeEnd('silver', one), []);
  const [lost] = judgeEnd('silver', { ...one, failedTasks: 1 });
  assert.deepEqual(lost, { kind: 'success', severity: 'high', value: 0, limit: 99 });
  assert.deepEqual(judgeEnd('silver', { ...one, tasks: 0, attempts: 0, failedAttempts: 0 }), []);
});
