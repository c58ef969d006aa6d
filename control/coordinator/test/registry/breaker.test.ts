import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Breaker } from '@fog/wire';
import { afterFailure, afterSuccess, breakerAt, CLOSED } from '../../src/registry/breaker.ts';
import { nodeFromRow, nodeRow } from '../../src/registry/node-record.ts';
import { fixture, HandAgent } from '../fixture.ts';

const MINUTE = 60_000;

function failed(times: number, breaker: Breaker = CLOSED, now = 0): Breaker {
  return times === 0 ? breaker : failed(times - 1, afterFailure(breaker, now), now);
}

test('five failures in a row open it, each further one doubles the wait, up to a bound', () => {
  assert.deepEqual(failed(4), { state: 'closed', failures: 4 });
  assert.deepEqual(failed(5), { state: 'open', failures: 5, until: MINUTE });
  assert.deepEqual(failed(6), { state: 'open', failures: 6, until: 2 * MINUTE });
  assert.equal(failed(50).until, 30 * MINUTE);
  assert.deepEqual(afterSuccess(failed(5)), CLOSED);
});

test('one that has its one chance is open again after a failure, however few there were before', () => {
  const forALie: Breaker = { state: 'open', failures: 1, until: 10 * MINUTE };
  assert.equal(breakerAt(forALie, 9 * MINUTE).state, 'open');
  assert.equal(breakerAt(forALie, 10 * MINUTE).state, 'half-open');
  const again = afterFailure(forALie, 20 * MINUTE);
  assert.deepEqual(again, { state: 'open', failures: 2, until: 21 * MINUTE });
  assert.equal(afterFailure(forALie, MINUTE).until, 10 * MINUTE, 'a failure shortens no wait');
});

test('a restart forgets no chance', async () => {
  await using fog = await fixture();
  new HandAgent('a').connect(fog.coordinator);
  fog.clock.advance(1_000);
  await fog.store.write(async () => {});
  const row = await fog.store.db.selectFrom('node').selectAll().executeTakeFirstOrThrow();
  const node = { ...nodeFromRow(row), breaker: failed(5) };
  const { breaker } = nodeFromRow(nodeRow(node));
  assert.equal(breakerAt(breaker, MINUTE - 1).state, 'open');
  assert.equal(breakerAt(breaker, MINUTE).state, 'half-open');
});
