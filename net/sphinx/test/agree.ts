/** Random packets through both implementations; every byte and every verdict must be the same. */
import assert from 'node:assert/strict';
import type { RandomFill } from '@fog/crypto';
import {
  type BuildSpace,
  commandName,
  createBuildSpace,
  createPacket,
  createPeelSpace,
  createSurb,
  hopDelayTag,
  openReply,
  PACKET,
  PACKET_BYTES,
  peel,
  replyWithSurb,
  type Route,
  type RouteEnd,
  SURB_BYTES,
  SURB_KEYS_BYTES,
} from '../src/index.ts';
import {
  type PlainHop,
  plainHeader,
  plainOpenReply,
  plainPacket,
  plainPeel,
  type PlainRelay,
  plainReply,
  plainSurb,
  type PlainSurb,
} from './plain/sphinx.ts';
import { createWorld, payloadOf, randomBytes, randomNumber, routeOf, type World } from './world.ts';

/** One packet in this many is changed on its way. */
const TAMPER_EVERY = 8;

/** Every length, the short ones more often, as they cost less; eleven, to meet every other period. */
const HOPS = [1, 2, 3, 4, 1, 2, 3, 5, 6, 3, 7];

interface Journey {
  readonly world: World;
  readonly route: Route;
  readonly tamper: boolean;
  /** Where the answer's maker kept the keys of its SURB. */
  readonly reply?: {
    readonly keys: Uint8Array;
    readonly plain: PlainSurb;
    readonly payload: Uint8Array;
  };
}

export interface Agreement {
  readonly packets: number;
  readonly hops: number;
  /** How often each verdict was given. */
  readonly verdicts: Readonly<Record<string, number>>;
}

export function agree(count: number, seed: number): Agreement {
  const world = createWorld(seed);
  const verdicts: Record<string, number> = {};
  const space = createBuildSpace(world.random);
  let hops = 0;
  for (let index = 0; index < count; index += 1) {
    const route = routeOf(world, HOPS[index % HOPS.length] as number, randomEnd(world));
    const tamper = index % TAMPER_EVERY === 0;
    const [packet, reply] =
      index % 3 === 0 && route.end.command === 'reply'
        ? answer(world, route, space)
        : [forward(world, route, space), undefined];
    const journey = { world, route, tamper, ...(reply === undefined ? {} : { reply }) };
    for (const verdict of travel(packet, journey)) {
      hops += 1;
      verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
    }
  }
  return { packets: count, hops, verdicts };
}

function randomEnd({ random }: World): RouteEnd {
  const id = randomBytes(random, 16);
  const ends: readonly RouteEnd[] = [
    { command: 'deliver', id },
    { command: 'reply', id, surbId: randomBytes(random, 16) },
    { command: 'drop' },
  ];
  return ends[randomNumber(random, ends.length)] as RouteEnd;
}

function forward(world: World, route: Route, space: BuildSpace): Uint8Array {
  const payload = payloadOf(randomBytes(world.random, randomNumber(world.random, 2049)));
  const { recording, replay } = recorder(world.random);
  const packet = new Uint8Array(PACKET_BYTES);
  createPacket(packet, route, payload, { ...space, random: recording });
  const header = plainHeader(plainHops(route), route.end, replay);
  assert.deepEqual(packet, plainPacket(header, payload));
  return packet;
}

function answer(
  world: World,
  route: Route,
  space: BuildSpace,
): [packet: Uint8Array, reply: NonNullable<Journey['reply']>] {
  const { recording, replay } = recorder(world.random);
  const [surb, keys] = [new Uint8Array(SURB_BYTES), new Uint8Array(SURB_KEYS_BYTES)];
  createSurb(surb, keys, route, { ...space, random: recording });
  const plain = plainSurb(plainHops(route), route.end, replay);
  assert.deepEqual(surb, plain.surb);
  const payload = payloadOf(randomBytes(world.random, randomNumber(world.random, 2049)));
  const packet = new Uint8Array(PACKET_BYTES);
  assert.equal(replyWithSurb(packet, surb, payload, space), 'ok');
  assert.deepEqual(packet, plainReply(surb, payload));
  return [packet, { keys, plain, payload }];
}

/** One flip in four hits suite or epoch, which chance alone would hardly ever find. */
function tamperedBits({ random }: World): number {
  return randomNumber(random, 4) === 0 ? 16 : PACKET_BYTES * 8;
}

function travel(packet: Uint8Array, { world, route, tamper, reply }: Journey): string[] {
  const space = createPeelSpace();
  const last = route.hops.length - 1;
  const tamperAt = tamper ? randomNumber(world.random, last + 1) : -1;
  const verdicts: string[] = [];
  for (let hop = 0; hop <= last; hop += 1) {
    if (hop === tamperAt) flip(packet, randomNumber(world.random, tamperedBits(world)));
    const expected = plainPeel(packet, world.keys.map(relayOf).slice(hop, hop + 3));
    const before = packet.slice();
    const verdict = peel(packet, world.keys.slice(hop, hop + 3), space);
    verdicts.push(verdict);
    assert.equal(verdict, expected.verdict);
    if (verdict !== 'ok') {
      assert.deepEqual(packet, before);
      return verdicts;
    }
    assert.deepEqual(packet, expected.packet);
    assert.equal(space.hop.command, commandName(expected.slot?.[0] ?? 0));
    assert.equal(space.hop.delayClass, expected.slot?.[17]);
    assert.deepEqual(space.hop.id, expected.slot?.slice(1, 17));
    assert.deepEqual(space.hop.replayTag, expected.replayTag);
    assert.deepEqual(space.hop.delayTag, expected.delayTag);
  }
  if (reply !== undefined) openBoth(packet, reply, tamper);
  return verdicts;
}

function openBoth(
  packet: Uint8Array,
  { keys, plain, payload }: NonNullable<Journey['reply']>,
  tampered: boolean,
): void {
  const received = packet.slice(PACKET.payload);
  const expected = plainOpenReply(plain, received);
  const verdict = openReply(
    received,
    keys,
    createBuildSpace(() => {}),
  );
  assert.equal(verdict, expected === undefined ? 'bad-payload' : 'ok');
  if (tampered) return;
  assert.deepEqual(received, payload);
  assert.deepEqual(expected, payload);
}

export function plainHops(route: Route): PlainHop[] {
  return route.hops.map(({ id, publicKey, epoch, delayClass }) => ({
    id,
    R: publicKey,
    epoch,
    delayClass,
  }));
}

function relayOf({ secretKey, publicKey, epoch }: World['keys'][0]): PlainRelay {
  return { r: secretKey, R: publicKey, epoch };
}

export function flip(bytes: Uint8Array, bit: number): void {
  bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
}

/** Random bytes for one implementation, and the same ones again for the other. */
export function recorder(random: RandomFill): {
  readonly recording: RandomFill;
  readonly replay: (sizeBytes: number) => Uint8Array;
  readonly recorded: () => Uint8Array;
} {
  const taken: Uint8Array[] = [];
  let next = 0;
  return {
    recording: (bytes) => {
      random(bytes);
      if (bytes.length > 0) taken.push(bytes.slice());
    },
    replay: (sizeBytes) => {
      const bytes = taken[next] as Uint8Array;
      next += 1;
      assert.equal(bytes.length, sizeBytes);
      return bytes;
    },
    recorded: () => new Uint8Array(Buffer.concat(taken)),
  };
}

/** Delay tags as the sender knows them, of the header built last. */
export function senderTags(space: BuildSpace, hops: number): Uint8Array[] {
  return Array.from({ length: hops }, (_, hop) => hopDelayTag(space, hop).slice());
}
