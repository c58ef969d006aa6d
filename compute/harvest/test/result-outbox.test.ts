import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FromAgent, failedOutcome, MAX_AGENT_FRAME_BYTES } from '@fog/wire';
import { encodeResult } from '../src/output/encode-result.ts';
import { ResultOutbox } from '../src/output/result-outbox.ts';

function rig(open = true) {
  const frames: string[] = [];
  const link = { open, sendText: (text: string) => void frames.push(text) };
  return { frames, link, outbox: new ResultOutbox(link) };
}

const counts = (frames: readonly string[]): number[] =>
  frames.map((text) => {
    assert.ok(Buffer.byteLength(text) <= MAX_AGENT_FRAME_BYTES);
    const frame = FromAgent.parse(JSON.parse(text));
    return frame.type === 'results' ? frame.results.length : 0;
  });

const result = (token: number, message = 'x') =>
  encodeResult(token, failedOutcome('STAGING', message));

test('results of one turn travel together, split by count and by size', () => {
  const { outbox, frames } = rig();
  for (let token = 1; token <= 1_100; token += 1) outbox.add(token, result(token), () => {});
  outbox.flush();
  assert.deepEqual(counts(frames), [1_024, 76]);
  frames.length = 0;
  const large = '€'.repeat(4_000);
  for (let token = 2_001; token <= 2_030; token += 1) {
    outbox.add(token, result(token, large), () => {});
  }
  outbox.flush();
  assert.deepEqual(counts(frames), [21, 9]);
});

test('keeps results while there is no session and forgets them with their files', () => {
  const { outbox, frames, link } = rig(false);
  let disposed = 0;
  outbox.add(1, result(1), () => void (disposed += 1));
  outbox.add(2, result(2), () => void (disposed += 1));
  outbox.flush();
  assert.deepEqual(frames, []);
  assert.equal(outbox.forget(1), true);
  assert.equal(outbox.forget(1), false);
  link.open = true;
  outbox.resend();
  assert.deepEqual(counts(frames), [1]);
  assert.deepEqual(outbox.tokens(), [2]);
  outbox.clear();
  assert.equal(disposed, 2);
  assert.equal(outbox.sizeBytes, 0);
});
