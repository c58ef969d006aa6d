import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { blake2b } from '@fog/crypto';
import {
  createBuildSpace,
  createPacket,
  createPeelSpace,
  createSurb,
  HEADER_BYTES,
  mixKeyFromSecret,
  openReply,
  PACKET_BYTES,
  peel,
  replyWithSurb,
  type Route,
  type RouteEnd,
  SURB_BYTES,
  SURB_KEYS_BYTES,
} from '../src/index.ts';
import { lionessBlock, lionessDecrypt, lionessEncrypt, type LionessKeys } from '../src/lioness.ts';
import { makeVectors, type PacketVector } from './make-vectors.ts';

function read(name: string): unknown {
  return JSON.parse(
    readFileSync(path.join(import.meta.dirname, '../vectors', `${name}.json`), 'utf8'),
  );
}

function fromHex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'));
}

const { vectors } = read('kem-sphinx-suite-1') as { vectors: PacketVector[] };

describe('vectors of suite 1', () => {
  it('are what the plain implementation makes', () => {
    assert.equal(vectors.length, 5);
    assert.deepEqual(vectors, makeVectors().vectors);
  });

  for (const vector of vectors) {
    it(`are built and peeled: ${vector.name}`, () => {
      const random = fromHex(vector.random);
      let taken = 0;
      const space = createBuildSpace((bytes) => {
        bytes.set(random.subarray(taken, taken + bytes.length));
        taken += bytes.length;
      });
      const packet = new Uint8Array(PACKET_BYTES);
      const keys = new Uint8Array(SURB_KEYS_BYTES);
      const payload = fromHex(vector.payload);
      if (vector.surb === undefined) {
        createPacket(packet, routeFrom(vector), payload, space);
      } else {
        const surb = new Uint8Array(SURB_BYTES);
        createSurb(surb, keys, routeFrom(vector), space);
        assert.deepEqual(surb, fromHex(vector.surb));
        assert.equal(replyWithSurb(packet, surb, payload, space), 'ok');
      }
      assert.equal(taken, random.length);
      assert.deepEqual(packet, fromHex(vector.packet));
      const peelSpace = createPeelSpace();
      for (const [index, step] of vector.steps.entries()) {
        const relay = vector.relays[index] as PacketVector['relays'][0];
        const key = mixKeyFromSecret(relay.epoch, fromHex(relay.secretKey));
        assert.deepEqual(key.publicKey, fromHex(relay.publicKey));
        assert.equal(peel(packet, [key], peelSpace), 'ok');
        assert.deepEqual(peelSpace.hop.replayTag, fromHex(step.replayTag));
        assert.deepEqual(peelSpace.hop.delayTag, fromHex(step.delayTag));
        assert.deepEqual(peelSpace.hop.id, fromHex(step.slot).subarray(1, 17));
        assert.deepEqual(packet.subarray(0, HEADER_BYTES), fromHex(step.header));
        const digest = new Uint8Array(32);
        blake2b(digest, packet.subarray(HEADER_BYTES));
        assert.deepEqual(digest, fromHex(step.payloadHash));
      }
      const inner = packet.slice(HEADER_BYTES);
      if (vector.surb !== undefined) assert.equal(openReply(inner, keys, space), 'ok');
      assert.deepEqual(inner, payload);
    });
  }
});

function routeFrom({ hops, relays, end }: PacketVector): Route {
  return {
    hops: hops.map(({ id, delayClass }, index) => {
      const { publicKey, epoch } = relays[index] as PacketVector['relays'][0];
      return { id: fromHex(id), publicKey: fromHex(publicKey), epoch, delayClass };
    }),
    end: {
      command: end.command,
      ...(end.id === undefined ? {} : { id: fromHex(end.id) }),
      ...(end.surbId === undefined ? {} : { surbId: fromHex(end.surbId) }),
    } as RouteEnd,
  };
}

describe('LIONESS over ChaCha20 and BLAKE2b', () => {
  const known = read('lioness-chacha20-blake2b') as Record<'key' | 'input' | 'output', string>;

  it('reproduces the known answer', () => {
    const sha256 = (hex: string): string => createHash('sha256').update(fromHex(hex)).digest('hex');
    assert.match(sha256(known.input), /^085e3d4b/);
    assert.match(sha256(known.output), /^018139b0/);
    const key = fromHex(known.key);
    const keys: LionessKeys = {
      words1: new Uint32Array(key.slice(0, 32).buffer),
      key2: key.subarray(32, 96),
      words3: new Uint32Array(key.slice(96, 128).buffer),
      key4: key.subarray(128),
    };
    const buffer = new ArrayBuffer(512);
    const block = lionessBlock(buffer, 0, 512);
    block.bytes.set(fromHex(known.input));
    lionessEncrypt(block, keys);
    assert.deepEqual(block.bytes, fromHex(known.output));
    lionessDecrypt(block, keys);
    assert.deepEqual(block.bytes, fromHex(known.input));
  });
});
