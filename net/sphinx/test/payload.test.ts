import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { VirtualClock } from '@fog/testkit';
import { isFogError } from '@fog/kernel';
import {
  createReassembler,
  dataRoom,
  decodePayload,
  encodePayload,
  FRAGMENT_FRAME_BYTES,
  FRAGMENT_ID_BYTES,
  MAX_DONE_MESSAGES,
  MAX_FRAGMENTS,
  MAX_OPEN_BYTES,
  MAX_OPEN_MESSAGES,
  MAX_OPEN_MS,
  MAX_SURBS,
  PAYLOAD_BYTES,
  PAYLOAD_KIND,
  splitMessage,
  SURB_BYTES,
} from '../src/index.ts';
import { randomBytes, randomNumber, seededRandom } from './world.ts';

const random = seededRandom(11);
const idOf = (number: number): Uint8Array =>
  Uint8Array.of(0, 0, 0, 0, 0, 0, number >> 8, number).subarray(0, FRAGMENT_ID_BYTES);

describe('a payload', () => {
  it('holds data up to the room that the SURBs leave', () => {
    const payload = new Uint8Array(PAYLOAD_BYTES);
    for (let count = 0; count <= MAX_SURBS; count += 1) {
      const surbs = Array.from({ length: count }, () => randomBytes(random, SURB_BYTES));
      const data = randomBytes(random, dataRoom(count));
      encodePayload(payload, { kind: PAYLOAD_KIND.fragment, surbs, data });
      assert.deepEqual(decodePayload(payload), { kind: 1, surbs, data });
    }
  });

  it('is refused when the content does not fit', () => {
    const payload = new Uint8Array(PAYLOAD_BYTES);
    const surb = new Uint8Array(SURB_BYTES);
    const none = new Uint8Array(0);
    for (const content of [
      { kind: 0, surbs: [], data: new Uint8Array(2049) },
      { kind: 0, surbs: [surb], data: new Uint8Array(dataRoom(1) + 1) },
      { kind: 0, surbs: [surb, surb, surb, surb], data: none },
    ]) {
      assert.throws(
        () => encodePayload(payload, content),
        (error) => isFogError(error, 'SPHINX_PAYLOAD'),
      );
    }
    const short = { kind: 0, surbs: [none], data: none };
    assert.throws(
      () => encodePayload(payload, short),
      (error) => isFogError(error, 'SPHINX_SIZE'),
    );
  });

  it('is none without its zeros, or when its counts do not fit', () => {
    const payload = new Uint8Array(PAYLOAD_BYTES);
    assert.notEqual(decodePayload(payload), undefined);
    assert.equal(decodePayload(payload.subarray(1)), undefined);
    for (const [at, value] of [
      [0, 1],
      [31, 1],
      [33, 4],
      [34, 9],
    ] as const) {
      const bad = payload.slice();
      bad[at] = value;
      assert.equal(decodePayload(bad), undefined, `byte ${at}`);
    }
  });
});

describe('fragments', () => {
  it('make up the message again, in any order', () => {
    for (const size of [0, 1, 2036, 2037, 50_000, 300_000]) {
      const reassembler = createReassembler({ clock: new VirtualClock() });
      const message = randomBytes(random, size);
      const fragments = splitMessage(message, randomBytes(random, 8));
      for (let index = fragments.length - 1; index > 0; index -= 1) {
        const other = randomNumber(random, index + 1);
        const moved = fragments[index] as Uint8Array;
        fragments[index] = fragments[other] as Uint8Array;
        fragments[other] = moved;
      }
      const last = fragments.pop() as Uint8Array;
      for (const each of fragments) assert.equal(reassembler.add(each).state, 'incomplete');
      const verdict = reassembler.add(last);
      assert.equal(verdict.state, 'complete');
      assert.deepEqual('message' in verdict ? verdict.message : undefined, message);
      assert.equal(reassembler.add(last).state, 'duplicate');
      assert.equal(reassembler.open, 0);
    }
  });

  it('are refused when too many, twice, or of another total', () => {
    const partBytes = 10;
    assert.equal(
      splitMessage(new Uint8Array(MAX_FRAGMENTS * partBytes), idOf(1), partBytes).length,
      MAX_FRAGMENTS,
    );
    const long = new Uint8Array(MAX_FRAGMENTS * partBytes + 1);
    for (const call of [
      () => splitMessage(long, idOf(1), partBytes),
      () => splitMessage(long, new Uint8Array(7)),
    ]) {
      assert.throws(call, (error) => isFogError(error, 'SPHINX_MESSAGE'));
    }
    const reassembler = createReassembler({ clock: new VirtualClock() });
    const [first, second] = splitMessage(new Uint8Array(20), idOf(1), partBytes);
    assert.equal(reassembler.add(first as Uint8Array).state, 'incomplete');
    assert.equal(reassembler.add(first as Uint8Array).state, 'duplicate');
    const other = (second as Uint8Array).slice();
    other[FRAGMENT_FRAME_BYTES - 1] = 3;
    assert.equal(reassembler.add(other).state, 'malformed');
    const beyond = (second as Uint8Array).slice();
    beyond[FRAGMENT_ID_BYTES + 1] = 2;
    assert.equal(reassembler.add(beyond).state, 'malformed');
    assert.equal(reassembler.add((second as Uint8Array).subarray(0, 12)).state, 'malformed');
  });

  it('of messages that never end are bounded, and forgotten in time', () => {
    const clock = new VirtualClock();
    const reassembler = createReassembler({ clock });
    const begin = (number: number): string =>
      reassembler.add(splitMessage(new Uint8Array(3000), idOf(number))[0] as Uint8Array).state;
    for (let number = 0; number < MAX_OPEN_MESSAGES; number += 1) {
      assert.equal(begin(number), 'incomplete');
    }
    assert.equal(begin(MAX_OPEN_MESSAGES), 'full');
    clock.advance(MAX_OPEN_MS);
    assert.equal(begin(MAX_OPEN_MESSAGES), 'incomplete');
    assert.equal(reassembler.open, 1);
  });

  it('hold no more bytes than allowed', () => {
    const reassembler = createReassembler({ clock: new VirtualClock() });
    const fragments = splitMessage(new Uint8Array(MAX_FRAGMENTS * 2036), idOf(0)).slice(1);
    let held = 0;
    let state = 'incomplete';
    for (let number = 0; number < MAX_OPEN_MESSAGES && state === 'incomplete'; number += 1) {
      for (const each of fragments) {
        const fragment = each.slice();
        fragment.set(idOf(number));
        ({ state } = reassembler.add(fragment));
        if (state !== 'incomplete') break;
        held += fragment.length - FRAGMENT_FRAME_BYTES;
      }
    }
    assert.equal(state, 'full');
    assert.ok(held <= MAX_OPEN_BYTES && held > MAX_OPEN_BYTES - 2048);
  });

  it('are known as duplicates only for so long', () => {
    const reassembler = createReassembler({ clock: new VirtualClock() });
    const add = (number: number): string =>
      reassembler.add(splitMessage(Uint8Array.of(1), idOf(number))[0] as Uint8Array).state;
    for (let number = 0; number <= MAX_DONE_MESSAGES; number += 1) {
      assert.equal(add(number), 'complete');
    }
    assert.equal(add(1), 'duplicate');
    assert.equal(add(0), 'complete');
  });
});
