import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { VirtualClock } from '@fog/testkit';
import {
  BODY_BYTES,
  createBuildSpace,
  createPacket,
  createPayloadSpace,
  createPeelSpace,
  createReassembler,
  decodeFragment,
  decodePayload,
  encodePayload,
  openReply,
  PACKET_BYTES,
  PAYLOAD_BYTES,
  peel,
  PEEL_VERDICTS,
  replyWithSurb,
  SURB_BYTES,
  SURB_KEYS_BYTES,
} from '../src/index.ts';
import { createWorld, fuzzRuns, payloadOf, routeOf, seededRandom } from './world.ts';

const world = createWorld(3);
const peelSpace = createPeelSpace();
const payloadSpace = createPayloadSpace();
const sized = (size: number): fc.Arbitrary<Uint8Array> =>
  fc.oneof(
    fc.uint8Array({ minLength: size, maxLength: size, size: 'max' }),
    fc.uint8Array({ minLength: 0, maxLength: size + 2, size: 'max' }),
  );

describe('decoders give a verdict on any bytes', () => {
  it('peel', () => {
    fc.assert(
      fc.property(sized(PACKET_BYTES), fc.boolean(), (bytes, ours) => {
        if (ours) bytes.set([1, (world.keys[0]?.epoch ?? 0) % 256].slice(0, bytes.length));
        const verdict = peel(bytes, world.keys, peelSpace);
        assert.ok(PEEL_VERDICTS.includes(verdict));
        assert.notEqual(verdict, 'ok');
      }),
      fuzzRuns(300),
    );
  });

  it('peel, on good packets with bytes changed', () => {
    const space = createBuildSpace(world.random);
    const good = new Uint8Array(PACKET_BYTES);
    createPacket(
      good,
      routeOf(world, 1, { command: 'drop' }),
      new Uint8Array(PAYLOAD_BYTES),
      space,
    );
    const change = fc.record({ at: fc.nat(553), value: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const packet = good.slice();
        for (const { at, value } of changes) packet[at] = value;
        const same = packet.every((byte, index) => byte === good[index]);
        assert.equal(peel(packet, world.keys, peelSpace) === 'ok', same);
      }),
      fuzzRuns(300),
    );
  });

  it('decodePayload', () => {
    fc.assert(
      fc.property(sized(PAYLOAD_BYTES), fc.boolean(), (bytes, zeros) => {
        if (zeros) bytes.fill(0, 0, 32);
        const content = decodePayload(bytes);
        if (content === undefined) return;
        const again = new Uint8Array(PAYLOAD_BYTES);
        encodePayload(again, content);
        assert.deepEqual(decodePayload(again), content);
      }),
      fuzzRuns(300),
    );
  });

  it('replyWithSurb and openReply', () => {
    const packet = new Uint8Array(PACKET_BYTES);
    const payload = payloadOf(new Uint8Array(5));
    fc.assert(
      fc.property(sized(SURB_BYTES), sized(SURB_KEYS_BYTES), (surb, keys) => {
        replyWithSurb(packet, surb, payload, payloadSpace);
        assert.notEqual(openReply(payload.slice(), keys, payloadSpace), 'ok');
      }),
      fuzzRuns(200),
    );
  });

  it('decodeFragment and the reassembler', () => {
    const reassembler = createReassembler({ clock: new VirtualClock() });
    const near = fc
      .tuple(fc.nat(3), fc.nat(4), fc.nat(4), fc.uint8Array({ maxLength: 20 }))
      .map(([id, index, total, part]) =>
        Uint8Array.of(id, 0, 0, 0, 0, 0, 0, 0, 0, index, 0, total, ...part),
      );
    fc.assert(
      fc.property(fc.oneof(sized(BODY_BYTES), near), (bytes) => {
        const fragment = decodeFragment(bytes);
        const { state } = reassembler.add(bytes);
        assert.equal(
          fragment === undefined ? state : 'a fragment',
          fragment ? 'a fragment' : 'malformed',
        );
      }),
      fuzzRuns(500),
    );
  });

  it('and the same random numbers give the same packet', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 7 }), (seed, hops) => {
        const [one, two] = [1, 2].map(() => {
          const packet = new Uint8Array(PACKET_BYTES);
          const space = createBuildSpace(seededRandom(seed));
          createPacket(
            packet,
            routeOf(world, hops, { command: 'drop' }),
            payloadOf(packet.subarray(0, 9)),
            space,
          );
          return packet;
        });
        assert.deepEqual(one, two);
      }),
      fuzzRuns(10),
    );
  });
});
