import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LiveOutput } from '../../src/live/live-output.ts';

const chunk = (data: string) =>
  ({ index: 0, attempt: 1, stream: 'stdout', offset: 0, data }) as const;

test('the tail of a stream is bounded, in characters and in chunks', () => {
  const live = new LiveOutput();
  for (let sent = 0; sent < 5_000; sent += 1) live.add(1, chunk(''));
  assert(live.of(1).length <= 1_024);
  for (let sent = 0; sent < 5; sent += 1) live.add(2, chunk('A'.repeat(40_000)));
  assert.equal(live.of(2).length, 1);
  live.add(3, chunk('A'.repeat(200_000)));
  assert.deepEqual(live.of(3), []);
});
