/**
 * Packets for whoever writes another implementation, made by the plain one from fixed random bytes.
 * `node net/sphinx/test/make-vectors.ts` writes them.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { hash } from './plain/primitives.ts';
import {
  type PlainEnd,
  plainHeader,
  type PlainHop,
  plainOpenReply,
  plainPacket,
  plainPeel,
  type PlainRelay,
  plainReply,
  plainSurb,
} from './plain/sphinx.ts';
import { createWorld, payloadOf, randomBytes, routeOf, type World } from './world.ts';
import { plainHops, recorder } from './agree.ts';

const FILE = path.join(import.meta.dirname, '../vectors/kem-sphinx-suite-1.json');
const SEED = 1;

export interface PacketVector {
  readonly name: string;
  readonly relays: readonly { secretKey: string; publicKey: string; epoch: number }[];
  readonly hops: readonly { id: string; delayClass: number }[];
  readonly end: { command: string; id?: string; surbId?: string };
  /** All random bytes in the order they were taken. */
  readonly random: string;
  readonly payload: string;
  readonly surb?: string;
  readonly packet: string;
  /** What each hop makes of it; the payload it passes on only as BLAKE2b-256. */
  readonly steps: readonly {
    readonly slot: string;
    readonly replayTag: string;
    readonly delayTag: string;
    readonly header: string;
    readonly payloadHash: string;
  }[];
}

export function makeVectors(): { source: string; vectors: PacketVector[] } {
  const world = createWorld(SEED);
  const id = randomBytes(world.random, 16);
  const surbId = randomBytes(world.random, 16);
  const vectors = [
    makeVector(world, 1, { command: 'deliver', id }),
    makeVector(world, 3, { command: 'deliver', id }),
    makeVector(world, 5, { command: 'drop' }),
    makeVector(world, 7, { command: 'deliver', id }),
    makeVector(world, 3, { command: 'reply', id, surbId }),
  ];
  return { source: 'docs/reference/sphinx.md, KEM-Sphinx suite 1', vectors };
}

function makeVector(world: World, count: number, end: PlainEnd): PacketVector {
  const hops: PlainHop[] = plainHops(routeOf(world, count, { command: 'drop' }));
  const relays: PlainRelay[] = world.keys
    .slice(0, count)
    .map(({ secretKey, publicKey, epoch }) => ({ r: secretKey, R: publicKey, epoch }));
  const payload = payloadOf(randomBytes(world.random, 100 * count));
  const { recording, recorded } = recorder(world.random);
  const random = (sizeBytes: number): Uint8Array => randomBytes(recording, sizeBytes);
  const surb = end.command === 'reply' ? plainSurb(hops, end, random) : undefined;
  const packet =
    surb === undefined
      ? plainPacket(plainHeader(hops, end, random), payload)
      : plainReply(surb.surb, payload);
  const steps: PacketVector['steps'][0][] = [];
  let on = packet;
  for (const relay of relays) {
    const outcome = plainPeel(on, [relay]);
    on = outcome.packet as Uint8Array;
    steps.push({
      slot: toHex(outcome.slot as Uint8Array),
      replayTag: toHex(outcome.replayTag as Uint8Array),
      delayTag: toHex(outcome.delayTag as Uint8Array),
      header: toHex(on.slice(0, 554)),
      payloadHash: toHex(hash(32, on.slice(554))),
    });
  }
  if (surb !== undefined && toHex(plainOpenReply(surb, on.slice(554)) ?? on) !== toHex(payload)) {
    throw new Error('the answer does not open');
  }
  return {
    name: `${count} hops, ${end.command}`,
    relays: relays.map(({ r, R, epoch }) => ({ secretKey: toHex(r), publicKey: toHex(R), epoch })),
    hops: hops.map(({ id, delayClass }) => ({ id: toHex(id), delayClass })),
    end: {
      command: end.command as string,
      ...(end.id === undefined ? {} : { id: toHex(end.id) }),
      ...(end.surbId === undefined ? {} : { surbId: toHex(end.surbId) }),
    },
    random: toHex(recorded()),
    payload: toHex(payload),
    ...(surb === undefined ? {} : { surb: toHex(surb.surb) }),
    packet: toHex(packet),
    steps,
  };
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

if (import.meta.main) writeFileSync(FILE, `${JSON.stringify(makeVectors(), null, 1)}\n`);
