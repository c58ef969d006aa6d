import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isFogError, utf8 } from '@fog/kernel';
import {
  createBuildSpace,
  createHeader,
  createMixKey,
  createPacket,
  createPayloadSpace,
  createPeelSpace,
  createSurb,
  decodePayload,
  eraseMixKey,
  geometryHash,
  HEADER_BYTES,
  MAX_HOPS,
  mixKeyFromSecret,
  openReply,
  PACKET,
  PACKET_BYTES,
  PAYLOAD_BYTES,
  peel,
  type PeelSpace,
  PEEL_VERDICTS,
  replyWithSurb,
  type Route,
  SLOT,
  SLOT_BYTES,
  SURB_BYTES,
  SURB_KEYS_BYTES,
  surbEpochByte,
  surbFirstHop,
} from '../src/index.ts';
import { flip, plainHops, senderTags } from './agree.ts';
import { plainHeader, plainPacket, plainPeel } from './plain/sphinx.ts';
import { createWorld, EPOCH, keyAt, payloadOf, randomBytes, routeOf, type World } from './world.ts';

const world = createWorld(1);
const space = createBuildSpace(world.random);
const mailbox = utf8('a mailbox of 16 ').slice(0, 16);
const surbId = utf8('a surb id of 16 b').slice(0, 16);
const message = utf8('the data of a message');

function packetFor(route: Route, payload = payloadOf(message)): Uint8Array {
  const packet = new Uint8Array(PACKET_BYTES);
  createPacket(packet, route, payload, space);
  return packet;
}

/** Through all hops but the last, which are all to be good. */
function carry(packet: Uint8Array, hops: number, peelSpace: PeelSpace): void {
  for (let hop = 0; hop < hops - 1; hop += 1) {
    assert.equal(peel(packet, keyAt(world, hop), peelSpace), 'ok');
    assert.equal(peelSpace.hop.command, 'forward');
    assert.deepEqual(peelSpace.hop.id, world.ids[hop + 1]);
    assert.equal(peelSpace.hop.delayClass, hop % 5);
  }
}

describe('a packet', () => {
  it('has 2,638 bytes, and a geometry that both ends can compare', () => {
    assert.equal(PACKET_BYTES, 2638);
    assert.equal(SURB_BYTES, 602);
    assert.deepEqual(geometryHash(), geometryHash());
    assert.equal(geometryHash().length, 32);
  });

  for (let hops = 1; hops <= MAX_HOPS; hops += 1) {
    it(`reaches a mailbox over ${hops} hops, and its answer comes back`, () => {
      const peelSpace = createPeelSpace();
      const [surb, keys] = [new Uint8Array(SURB_BYTES), new Uint8Array(SURB_KEYS_BYTES)];
      const home = routeOf(world, hops, { command: 'reply', id: mailbox, surbId });
      createSurb(surb, keys, home, space);
      const route = routeOf(world, hops, { command: 'deliver', id: mailbox });
      const packet = packetFor(route, payloadOf(message, [surb]));
      carry(packet, hops, peelSpace);
      assert.equal(peel(packet, keyAt(world, hops - 1), peelSpace), 'ok');
      assert.equal(peelSpace.hop.command, 'deliver');
      assert.deepEqual(peelSpace.hop.id, mailbox);
      const content = decodePayload(packet.subarray(PACKET.payload));
      assert.deepEqual(content, { kind: 0, surbs: [surb], data: message });

      const received = content?.surbs[0] as Uint8Array;
      assert.deepEqual(surbFirstHop(received), world.ids[0]);
      assert.equal(surbEpochByte(received), EPOCH % 256);
      const answer = new Uint8Array(PACKET_BYTES);
      assert.equal(replyWithSurb(answer, received, payloadOf(utf8('yes')), space), 'ok');
      carry(answer, hops, peelSpace);
      assert.equal(peel(answer, keyAt(world, hops - 1), peelSpace), 'ok');
      assert.equal(peelSpace.hop.command, 'reply');
      assert.deepEqual(peelSpace.hop.id, mailbox);
      assert.deepEqual(peelSpace.hop.surbId, surbId);
      const payload = answer.subarray(PACKET.payload);
      assert.equal(openReply(payload, keys, createPayloadSpace()), 'ok');
      assert.deepEqual(decodePayload(payload)?.data, utf8('yes'));
    });
  }

  it('may end in a drop, and tells its sender every delay tag in advance', () => {
    const peelSpace = createPeelSpace();
    const packet = packetFor(routeOf(world, 3, { command: 'drop' }));
    const tags = senderTags(space, 3);
    const seen = new Set<string>();
    for (let hop = 0; hop < 3; hop += 1) {
      assert.equal(peel(packet, keyAt(world, hop), peelSpace), 'ok');
      assert.deepEqual(peelSpace.hop.delayTag, tags[hop]);
      seen.add(peelSpace.hop.replayTag.join()).add(peelSpace.hop.delayTag.join());
    }
    assert.equal(peelSpace.hop.command, 'drop');
    assert.equal(seen.size, 6);
  });

  it('has the same replay tag each time it comes', () => {
    const packet = packetFor(routeOf(world, 1, { command: 'drop' }));
    const tags = [packet.slice(), packet].map((copy) => {
      const peelSpace = createPeelSpace();
      assert.equal(peel(copy, keyAt(world, 0), peelSpace), 'ok');
      return peelSpace.hop.replayTag;
    });
    assert.deepEqual(tags[0], tags[1]);
  });

  it('is peeled in shared memory too', () => {
    const slot = new Uint8Array(new SharedArrayBuffer(PACKET_BYTES));
    slot.set(packetFor(routeOf(world, 1, { command: 'deliver', id: mailbox })));
    assert.equal(peel(slot, keyAt(world, 0), createPeelSpace()), 'ok');
    assert.deepEqual(decodePayload(slot.subarray(PACKET.payload))?.data, message);
  });
});

describe('a relay refuses', () => {
  const peelSpace = createPeelSpace();
  const good = packetFor(routeOf(world, 3, { command: 'deliver', id: mailbox }));
  const changed = (change: (packet: Uint8Array) => void): Uint8Array => {
    const packet = good.slice();
    change(packet);
    return packet;
  };
  const first = keyAt(world, 0);

  it('packets of another size, suite, epoch or key', () => {
    for (const size of [0, 1, PACKET_BYTES - 1, PACKET_BYTES + 1, 2 * PACKET_BYTES]) {
      assert.equal(peel(new Uint8Array(size), first, peelSpace), 'wrong-size');
    }
    const suite2 = changed((packet) => {
      packet[PACKET.suite] = 2;
    });
    assert.equal(peel(suite2, first, peelSpace), 'wrong-suite');
    assert.equal(peel(good.slice(), [], peelSpace), 'no-key');
    assert.equal(peel(good.slice(), [createMixKey(EPOCH + 1, world.random)], peelSpace), 'no-key');
    assert.equal(peel(good.slice(), [createMixKey(EPOCH, world.random)], peelSpace), 'bad-mac');
    const secret = (first[0] as { secretKey: Uint8Array }).secretKey.slice();
    const later = mixKeyFromSecret(EPOCH + 256, secret);
    assert.equal(peel(good.slice(), [later], peelSpace), 'bad-mac');
  });

  it('ciphertexts of low order', () => {
    for (const low of [0, 1]) {
      const packet = changed((bytes) => {
        bytes.fill(0, PACKET.ciphertext, PACKET.mac);
        bytes[PACKET.ciphertext] = low;
      });
      assert.equal(peel(packet, first, peelSpace), 'bad-point');
    }
  });

  it('a header with any one bit changed, and leaves the packet as it was', () => {
    for (let bit = 0; bit < HEADER_BYTES * 8; bit += 1) {
      const packet = changed((bytes) => flip(bytes, bit));
      const before = packet.slice();
      const verdict = peel(packet, first, peelSpace);
      assert.notEqual(verdict, 'ok', `bit ${bit}`);
      assert.deepEqual(packet, before);
    }
  });

  it('slots that no sender writes, as the second implementation does', () => {
    const slots: [string, (slot: Uint8Array) => void, string][] = [
      ['a deliver slot', () => {}, 'ok'],
      ['no command', (slot) => slot.set([0]), 'malformed'],
      ['an unknown command', (slot) => slot.set([5]), 'malformed'],
      ['delay class 5', (slot) => slot.set([5], SLOT.delayClass), 'malformed'],
      ['a next epoch', (slot) => slot.set([1], SLOT.epoch), 'malformed'],
      ['a spare byte', (slot) => slot.set([1], SLOT.spare + 4), 'malformed'],
      ['a ciphertext', (slot) => slot.set([1], SLOT.ciphertext), 'malformed'],
      ['a MAC', (slot) => slot.set([1], SLOT.mac + 15), 'malformed'],
      ['a reply', (slot) => slot.set([3]), 'ok'],
      ['more than a SURB id', (slot) => slot.set([3, ...slot.subarray(1, 40), 1]), 'malformed'],
      ['a drop with an id', (slot) => slot.set([4]), 'malformed'],
      [
        'a forward with a spare byte',
        (slot) => slot.set([1, ...slot.subarray(1, 19), 1]),
        'malformed',
      ],
    ];
    const key = first[0] as World['keys'][0];
    const relay = { r: key.secretKey, R: key.publicKey, epoch: key.epoch };
    const hops = plainHops(routeOf(world, 1, { command: 'drop' }));
    for (const [name, change, verdict] of slots) {
      const slot = new Uint8Array(SLOT_BYTES);
      slot.set([2, ...mailbox]);
      change(slot);
      const random = (sizeBytes: number): Uint8Array => randomBytes(world.random, sizeBytes);
      const packet = plainPacket(plainHeader(hops, { slot }, random), payloadOf(message));
      assert.equal(plainPeel(packet, [relay]).verdict, verdict, name);
      assert.equal(peel(packet, first, peelSpace), verdict, name);
    }
  });

  it('a delivery whose payload had any one bit changed before', () => {
    const whole = packetFor(routeOf(world, 1, { command: 'deliver', id: mailbox }));
    // Every seventh: all places in a byte. test/security/sphinx-tampering.test.ts flips every one.
    for (let bit = HEADER_BYTES * 8; bit < PACKET_BYTES * 8; bit += 7) {
      const packet = whole.slice();
      flip(packet, bit);
      assert.equal(peel(packet, first, peelSpace), 'bad-payload', `bit ${bit}`);
    }
  });

  it('packets under an erased key', () => {
    const key = createMixKey(EPOCH, world.random);
    eraseMixKey(key);
    assert.equal(
      key.secretKey.some((byte) => byte !== 0),
      false,
    );
  });

  it('with verdicts that are all named', () => {
    assert.equal(new Set(PEEL_VERDICTS).size, 8);
  });
});

describe('one changed bit of a payload', () => {
  it('makes noise of all of it at the end of the route', () => {
    const peelSpace = createPeelSpace();
    const route = routeOf(world, 3, { command: 'reply', id: mailbox, surbId });
    const whole = packetFor(route);
    const outcome = (packet: Uint8Array): Uint8Array => {
      carry(packet, 3, peelSpace);
      assert.equal(peel(packet, keyAt(world, 2), peelSpace), 'ok');
      return packet.slice(PACKET.payload);
    };
    const expected = outcome(whole.slice());
    for (const byte of [PACKET.payload, PACKET.payload + 31, PACKET.payload + 32, 1500, 2637]) {
      const packet = whole.slice();
      flip(packet, byte * 8 + 3);
      const noise = outcome(packet);
      let bits = 0;
      for (const [index, each] of noise.entries()) {
        bits += popCount(each ^ (expected[index] as number));
      }
      // Half of 16,672 bits, ± 6 standard deviations of 64.6.
      assert.ok(Math.abs(bits - 8336) < 388, `${bits} bits differ`);
    }
  });
});

describe('an answer', () => {
  const [surb, keys] = [new Uint8Array(SURB_BYTES), new Uint8Array(SURB_KEYS_BYTES)];
  createSurb(surb, keys, routeOf(world, 2, { command: 'reply', id: mailbox, surbId }), space);

  it('is refused when the SURB is of another size or suite', () => {
    const packet = new Uint8Array(PACKET_BYTES);
    assert.equal(replyWithSurb(packet, surb.subarray(1), payloadOf(message), space), 'wrong-size');
    const other = surb.slice();
    other[16] = 2;
    assert.equal(replyWithSurb(packet, other, payloadOf(message), space), 'wrong-suite');
  });

  it('is refused when it was changed on its way, or kept keys do not fit', () => {
    const payload = randomBytes(world.random, PAYLOAD_BYTES);
    assert.equal(openReply(payload, keys, space), 'bad-payload');
    assert.equal(openReply(payload.subarray(1), keys, space), 'wrong-size');
    assert.equal(openReply(payload, keys.subarray(1), space), 'bad-keys');
    assert.equal(openReply(payload, new Uint8Array(SURB_KEYS_BYTES), space), 'bad-keys');
    assert.equal(openReply(payload, new Uint8Array(SURB_KEYS_BYTES).fill(8), space), 'bad-keys');
  });
});

describe('a sender is told', () => {
  const one = routeOf(world, 1, { command: 'drop' });
  const hop = one.hops[0] as Route['hops'][0];
  const packet = new Uint8Array(PACKET_BYTES);

  it('what is wrong with a route', () => {
    const bad: [RegExp, Route][] = [
      [/0 hops/, { ...one, hops: [] }],
      [/8 hops/, { ...one, hops: Array.from({ length: 8 }, () => hop) }],
      [/id of hop 1/, { ...one, hops: [{ ...hop, id: new Uint8Array(15) }] }],
      [/key of hop 1/, { ...one, hops: [{ ...hop, publicKey: new Uint8Array(31) }] }],
      [/no usable key/, { ...one, hops: [{ ...hop, publicKey: new Uint8Array(32) }] }],
      [/key epoch of hop 1/, { ...one, hops: [{ ...hop, epoch: -1 }] }],
      [/delay class of hop 1 is 5/, { ...one, hops: [{ ...hop, delayClass: 5 }] }],
      [/delay class of hop 1 is 0.5/, { ...one, hops: [{ ...hop, delayClass: 0.5 }] }],
      [/mailbox or service/, { ...one, end: { command: 'deliver', id: new Uint8Array(1) } }],
      [/SURB id/, { ...one, end: { command: 'reply', id: mailbox, surbId: new Uint8Array(1) } }],
    ];
    for (const [pattern, route] of bad) {
      assert.throws(
        () => createPacket(packet, route, payloadOf(message), space),
        (error) => isFogError(error, 'SPHINX_ROUTE') && pattern.test(error.message),
        String(pattern),
      );
    }
    assert.throws(
      () => createSurb(new Uint8Array(SURB_BYTES), new Uint8Array(SURB_KEYS_BYTES), one, space),
      (error) => isFogError(error, 'SPHINX_ROUTE'),
    );
    assert.throws(
      () => createMixKey(1.5, world.random),
      (error) => isFogError(error, 'SPHINX_ROUTE'),
    );
  });

  it('when a buffer has another size', () => {
    for (const call of [
      () => createPacket(new Uint8Array(1), one, payloadOf(message), space),
      () => createPacket(packet, one, new Uint8Array(1), space),
      () => createHeader(new Uint8Array(1), one, space),
    ]) {
      assert.throws(call, (error) => isFogError(error, 'SPHINX_SIZE'));
    }
  });
});

function popCount(byte: number): number {
  return byte.toString(2).replaceAll('0', '').length;
}
