/** What a link shows must not depend on the place in the route, its length, or what the packet is for. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  createBuildSpace,
  createPacket,
  createPeelSpace,
  PACKET,
  PACKET_BYTES,
  peel,
  type RouteEnd,
} from '../src/index.ts';
import { createWorld, keyAt, payloadOf, randomBytes, routeOf } from './world.ts';

const SEED = 42;
const PACKETS = 60;
const world = createWorld(SEED);
const space = createBuildSpace(world.random);
const id = randomBytes(world.random, 16);

/** Packets as they look on the link before hop `hop` (0 is the first) of a route of `hops`. */
function onLink(hops: number, hop: number, end: RouteEnd): Uint8Array[] {
  const peelSpace = createPeelSpace();
  return Array.from({ length: PACKETS }, () => {
    const packet = new Uint8Array(PACKET_BYTES);
    createPacket(packet, routeOf(world, hops, end), payloadOf(new Uint8Array(2048)), space);
    for (let before = 0; before < hop; before += 1) {
      assert.equal(peel(packet, keyAt(world, before), peelSpace), 'ok');
    }
    return packet;
  });
}

/** Chi-square of the byte values, as standard deviations from its mean. */
function deviation(packets: readonly Uint8Array[], from: number, to: number): number {
  const counts = new Float64Array(256);
  let bytes = 0;
  for (const packet of packets) {
    for (let index = from; index < to; index += 1) {
      counts[packet[index] as number] = (counts[packet[index] as number] as number) + 1;
      bytes += 1;
    }
  }
  const expected = bytes / 256;
  let chiSquare = 0;
  for (const count of counts) chiSquare += (count - expected) ** 2 / expected;
  return (chiSquare - 255) / Math.sqrt(2 * 255);
}

describe(`the look of packets (seed ${SEED})`, () => {
  const links: [string, Uint8Array[]][] = [
    ['first of 1, cover', onLink(1, 0, { command: 'drop' })],
    ['first of 7', onLink(7, 0, { command: 'deliver', id })],
    ['last of 7', onLink(7, 6, { command: 'deliver', id })],
    ['last of 3, cover', onLink(3, 2, { command: 'drop' })],
    ['middle of 5, answer', onLink(5, 2, { command: 'reply', id, surbId: id })],
  ];

  for (const [name, packets] of links) {
    it(`is random in every part on a link: ${name}`, () => {
      // The ciphertext is a public key at every hop: no random bytes, but nothing that differs.
      const parts = [
        [PACKET.mac, PACKET.routing],
        [PACKET.routing, PACKET.payload],
        [PACKET.payload, PACKET_BYTES],
      ] as const;
      for (const [from, to] of parts) {
        const off = deviation(packets, from, to);
        assert.ok(Math.abs(off) < 5, `bytes ${from} to ${to} are ${off} deviations off`);
      }
    });

    it(`repeats nothing between packets on a link: ${name}`, () => {
      const pieces = new Set<string>();
      for (const packet of packets) {
        assert.equal(packet.length, PACKET_BYTES);
        assert.equal(packet[PACKET.suite], 1);
        for (let from = PACKET.mac; from + 16 <= PACKET_BYTES; from += 16) {
          pieces.add(packet.subarray(from, from + 16).join());
        }
      }
      assert.equal(pieces.size, PACKETS * Math.floor((PACKET_BYTES - PACKET.mac) / 16));
    });
  }

  it('leaves unused slots random to the last hop', () => {
    const packets = onLink(1, 0, { command: 'drop' });
    const peelSpace = createPeelSpace();
    const unused = packets.map((packet) => {
      assert.equal(peel(packet, keyAt(world, 0), peelSpace), 'ok');
      return peelSpace.scratch.head.nextRouting.slice();
    });
    assert.ok(Math.abs(deviation(unused, 0, 432)) < 5);
  });
});
