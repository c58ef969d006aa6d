import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  createBuildSpace,
  createPacket,
  createPeelSpace,
  HEADER_BYTES,
  PACKET_BYTES,
  peel,
} from '@fog/sphinx';
import { flip } from '../../net/sphinx/test/agree.ts';
import {
  createWorld,
  keyAt,
  payloadOf,
  randomBytes,
  routeOf,
} from '../../net/sphinx/test/world.ts';

const SEED = 12;

it(`no one bit of a packet can be flipped before its delivery (seed ${SEED})`, () => {
  const world = createWorld(SEED);
  const space = createPeelSpace();
  const route = routeOf(world, 2, { command: 'deliver', id: randomBytes(world.random, 16) });
  const good = new Uint8Array(PACKET_BYTES);
  createPacket(good, route, payloadOf(new Uint8Array(9)), createBuildSpace(world.random));
  for (let bit = 0; bit < PACKET_BYTES * 8; bit += 1) {
    const packet = good.slice();
    flip(packet, bit);
    const verdict = peel(packet, keyAt(world, 0), space);
    if (bit < HEADER_BYTES * 8) {
      assert.notEqual(verdict, 'ok', `bit ${bit}`);
    } else {
      assert.equal(verdict, 'ok', `bit ${bit}`);
      assert.equal(peel(packet, keyAt(world, 1), space), 'bad-payload', `bit ${bit}`);
    }
  }
});
