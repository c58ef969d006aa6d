import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { PACKET_BYTES, PAYLOAD_BYTES } from '@fog/sphinx';
import { decodeRecords } from '../../src/audit/audit-file.ts';
import { decodeFetch, encodeFetch } from '../../src/client/payload-kinds.ts';
import {
  decodeItem,
  decodePace,
  decodeTaken,
  encodeItem,
  encodePace,
  encodeTaken,
} from '../../src/gateway/frame-bodies.ts';

const bytes = fc.uint8Array({ maxLength: PACKET_BYTES });
const sequence = fc.nat({ max: Number.MAX_SAFE_INTEGER });

describe('frame bodies', () => {
  it('come back as they were', () => {
    const surbId = fc.option(fc.uint8Array({ minLength: 16, maxLength: 16 }), { nil: undefined });
    const property = fc.property(sequence, surbId, fc.nat(255), (number, id, fill) => {
      const payload = new Uint8Array(PAYLOAD_BYTES).fill(fill);
      const body = new Uint8Array(PACKET_BYTES).fill(170);
      encodeItem(body, { sequence: number, surbId: id, payload });
      assert.deepEqual(decodeItem(body), { sequence: number, surbId: id, payload });
      assert.equal(decodeTaken(encodeTaken(number)), number);
    });
    fc.assert(property);
    assert.equal(decodePace(encodePace(20_000)), 20_000);
  });

  it('are copies, also of a buffer that is used again', () => {
    const body = Buffer.alloc(PACKET_BYTES);
    const payload = new Uint8Array(PAYLOAD_BYTES).fill(5);
    encodeItem(body, { sequence: 1, surbId: new Uint8Array(16).fill(6), payload });
    const item = decodeItem(body);
    const part = item?.payload.slice(0, 10);
    body.fill(0);
    item?.payload.fill(0, 0, 10);
    assert.deepEqual(item?.surbId, new Uint8Array(16).fill(6));
    assert.deepEqual(item?.payload.subarray(10), payload.subarray(10));
    assert.deepEqual(part, payload.subarray(0, 10));
  });

  it('are never an exception, whatever the bytes', () => {
    const property = fc.property(bytes, (body) => {
      const item = decodeItem(body);
      if (item !== undefined) assert.equal(item.payload.length, PAYLOAD_BYTES);
      const taken = decodeTaken(body);
      assert.ok(taken === undefined || Number.isSafeInteger(taken));
      const pace = decodePace(body);
      assert.ok(pace === undefined || pace >= 0);
      const fetch = decodeFetch(body);
      assert.ok(fetch === undefined || fetch.indices.length * 2 + 8 === body.length);
    });
    fc.assert(property, { numRuns: 500 });
  });

  it('are refused when they are too short or no number', () => {
    assert.equal(decodeItem(new Uint8Array(100)), undefined);
    assert.equal(decodeTaken(new Uint8Array(7)), undefined);
    assert.equal(decodeTaken(new Uint8Array(8).fill(255)), undefined);
    assert.equal(decodePace(new Uint8Array(3)), undefined);
    assert.equal(decodeItem(new Uint8Array(PACKET_BYTES).fill(2)), undefined);
  });
});

describe('fetches', () => {
  it('come back as they were', () => {
    const id = new Uint8Array(8).fill(3);
    const fetch = { id, indices: [0, 300, 511] };
    assert.deepEqual(decodeFetch(encodeFetch(fetch)), fetch);
  });
});

describe('audit files', () => {
  it('are refused with a TypeError, whatever the bytes', () => {
    const property = fc.property(bytes, (file) => {
      assert.throws(() => decodeRecords(file), TypeError);
    });
    fc.assert(property, { numRuns: 500 });
  });
});
