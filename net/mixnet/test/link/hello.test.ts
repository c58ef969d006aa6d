import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeCanonical, type CanonicalValue } from '@fog/crypto';
import fc from 'fast-check';
import {
  commonFeatures,
  decodeAnswer,
  decodeHello,
  encodeAnswer,
  encodeHello,
  type Hello,
  LINK_PROTOCOL,
  speaksProtocol,
} from '../../src/link/hello.ts';
import { HELLO_BYTES, MAX_FEATURE_CHARS, MAX_FEATURES } from '../../src/link/limits.ts';
import { LINK_REFUSALS } from '../../src/link/link-ports.ts';

const OPENING = { protocol: LINK_PROTOCOL, features: ['a', 'b'], time: 1_900_000_000_000 };

function framed(value: CanonicalValue): Uint8Array {
  const body = encodeCanonical(value);
  const bytes = new Uint8Array(HELLO_BYTES);
  new DataView(bytes.buffer).setUint16(0, body.length);
  bytes.set(body, 2);
  return bytes;
}

test('hellos and answers come back as they were, in one size', () => {
  const client = { key: new Uint8Array(32).fill(1), proof: new Uint8Array(64).fill(2) };
  const hellos: Hello[] = [OPENING, { ...OPENING, relay: 'r' }, { ...OPENING, client }];
  for (const hello of hellos.slice(1)) {
    const bytes = encodeHello(hello);
    assert.equal(bytes.length, HELLO_BYTES);
    assert.deepEqual(decodeHello(bytes), hello);
  }
  for (const verdict of ['ok', ...LINK_REFUSALS] as const) {
    const bytes = encodeAnswer({ ...OPENING, verdict });
    assert.equal(bytes.length, HELLO_BYTES);
    assert.deepEqual(decodeAnswer(bytes), { ...OPENING, verdict });
  }
});

test('the longest hello fits', () => {
  const features = Array.from({ length: MAX_FEATURES }, () => 'f'.repeat(MAX_FEATURE_CHARS));
  const client = { key: new Uint8Array(32), proof: new Uint8Array(64) };
  const hello = { ...OPENING, features, client };
  assert.deepEqual(decodeHello(encodeHello(hello)), hello);
});

test('what is no hello is not decoded', () => {
  const relay = { ...OPENING, relay: 'r' };
  const bad: CanonicalValue[] = [
    'text',
    [1],
    new Uint8Array(3),
    {},
    OPENING,
    { ...relay, protocol: 5 },
    { ...relay, protocol: 'p'.repeat(65) },
    { ...relay, features: 'a' },
    { ...relay, features: ['A B'] },
    { ...relay, features: Array.from({ length: MAX_FEATURES + 1 }, () => 'a') },
    { ...relay, time: 'now' },
    { ...OPENING, relay: 'r'.repeat(65) },
    { ...OPENING, key: new Uint8Array(31), proof: new Uint8Array(64) },
    { ...OPENING, key: new Uint8Array(32) },
  ];
  for (const value of bad) assert.equal(decodeHello(framed(value)), undefined);
  assert.equal(decodeHello(new Uint8Array(HELLO_BYTES - 1)), undefined);
  const long = framed(relay);
  new DataView(long.buffer).setUint16(0, HELLO_BYTES);
  assert.equal(decodeHello(long), undefined);
  assert.equal(decodeAnswer(framed({ ...OPENING, verdict: 'perhaps' })), undefined);
});

test('no bytes make the decoders throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: HELLO_BYTES }), fc.nat(HELLO_BYTES), (noise, length) => {
      const bytes = new Uint8Array(HELLO_BYTES);
      bytes.set(noise);
      new DataView(bytes.buffer).setUint16(0, length);
      decodeHello(bytes);
      decodeAnswer(bytes);
      const whole = encodeHello({ ...OPENING, relay: 'r' });
      whole.set(noise.subarray(0, 40), length % (HELLO_BYTES - 40));
      decodeHello(whole);
    }),
    { numRuns: 500 },
  );
});

test('major versions must agree', () => {
  for (const good of ['/fog/mix/1.0', '/fog/mix/1.9']) assert.equal(speaksProtocol(good), true);
  for (const bad of ['/fog/mix/2.0', '/fog/mix/11.0', '/fog/vpn/1.0', '', '/fog/mix/1']) {
    assert.equal(speaksProtocol(bad), false, bad);
  }
  assert.deepEqual(commonFeatures(['a', 'b', 'c'], ['c', 'a', 'x']), ['a', 'c']);
});
