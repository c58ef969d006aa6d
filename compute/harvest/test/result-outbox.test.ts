import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verifySignature } from '@fog/crypto';
import { FromAgent, failedOutcome, manifestBatchBytes, MAX_AGENT_FRAME_BYTES } from '@fog/wire';
import { encodeResult } from '../src/output/encode-result.ts';
import { type OutgoingResult, ResultOutbox } from '../src/output/result-outbox.ts';
import { VirtualClock } from '@fog/testkit';
import { FRAME_RESULTS, LINGER_MS } from '../src/limits.ts';
import { identity } from './harness.ts';

const sign = (digests: readonly string[]): string =>
  Buffer.from(identity.sign(manifestBatchBytes('fog', identity.id, digests))).toString('base64');

function rig(open = true, hasMore = () => false) {
  const frames: string[] = [];
  const clock = new VirtualClock();
  const link = { open, sendText: (text: string) => void frames.push(text) };
  const outbox = new ResultOutbox(link, sign, { clock, hasMore });
  return { frames, link, clock, outbox };
}

const counts = (frames: readonly string[]): number[] =>
  frames.map((text) => {
    assert.ok(Buffer.byteLength(text) <= MAX_AGENT_FRAME_BYTES);
    const frame = FromAgent.parse(JSON.parse(text));
    return frame.type === 'results' ? frame.results.length : 0;
  });

const result = (token: number, message = 'x'): OutgoingResult => {
  const lease = { token, job: 'jaaaaaaaaaaaa', index: 0, attempt: 1, item: undefined };
  const context = { fogId: 'fog', node: identity.id, lease, spec: undefined };
  const outcome = failedOutcome('STAGING', message);
  return { token, ...encodeResult({ ...context, runtimeVersion: undefined }, outcome) };
};

test('a frame is signed as a whole: by this node, over the digests of its results', () => {
  const { outbox, frames } = rig();
  outbox.add(result(1));
  outbox.add(result(2));
  outbox.flush();
  const frame = FromAgent.parse(JSON.parse(frames[0] ?? ''));
  assert.equal(frame.type, 'results');
  if (frame.type !== 'results') return;
  const digests = frame.results.map(({ digest }) => digest ?? '');
  assert.equal(new Set(digests).size, 2);
  const signed = manifestBatchBytes('fog', identity.id, digests);
  const signature = Buffer.from(frame.signature ?? '', 'base64');
  assert.equal(verifySignature(identity.publicKey, signed, signature), true);
});

test('results of one turn travel together, split by size', () => {
  const { outbox, frames } = rig();
  for (let token = 1; token <= 1_100; token += 1) outbox.add(result(token));
  outbox.flush();
  const [first = 0, second = 0, ...more] = counts(frames);
  assert.ok(first > second && second > 0);
  assert.equal(first + second, 1_100);
  assert.deepEqual(more, []);
  frames.length = 0;
  const large = '€'.repeat(4_000);
  for (let token = 2_001; token <= 2_030; token += 1) {
    outbox.add(result(token, large));
  }
  outbox.flush();
  assert.deepEqual(counts(frames), [21, 9]);
});

test('keeps results while there is no session and forgets them', () => {
  const { outbox, frames, link } = rig(false);
  outbox.add(result(1));
  outbox.add(result(2));
  outbox.flush();
  assert.deepEqual(frames, []);
  assert.equal(outbox.forget(1), true);
  assert.equal(outbox.forget(1), false);
  link.open = true;
  outbox.resend();
  assert.deepEqual(counts(frames), [1]);
  outbox.clear();
  assert.equal(outbox.sizeBytes, 0);
});

test('while work waits results share a frame, but none waits long', async () => {
  let waiting = true;
  const { frames, clock, outbox } = rig(true, () => waiting);
  const result = (token: number): OutgoingResult => ({
    token,
    json: JSON.stringify({ token, outcome: failedOutcome('TRAP') }),
    digest: 'd'.repeat(64),
  });
  outbox.add(result(1));
  outbox.add(result(2));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(frames.length, 0);
  clock.advance(LINGER_MS);
  assert.deepEqual(counts(frames), [2]);
  for (let token = 10; token < 10 + FRAME_RESULTS; token += 1) outbox.add(result(token));
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(counts(frames), [2, FRAME_RESULTS]);
  waiting = false;
  outbox.add(result(99));
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(counts(frames), [2, FRAME_RESULTS, 1]);
  clock.advance(2 * LINGER_MS);
  assert.equal(frames.length, 3);
});
