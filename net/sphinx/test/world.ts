/** Relays, routes and random numbers for the tests: all from one seed. */
import { chacha20, type RandomFill } from '@fog/crypto';
import {
  createMixKey,
  encodePayload,
  type MixKey,
  PAYLOAD_BYTES,
  type Route,
  type RouteEnd,
} from '../src/index.ts';

export const EPOCH = 0x1_0000_02fe;

export function seededRandom(seed: number): RandomFill {
  const key = new Uint8Array(32);
  new DataView(key.buffer).setUint32(0, seed);
  const nonce = new Uint8Array(8);
  const counter = new DataView(nonce.buffer);
  let calls = 0;
  return (bytes) => {
    calls += 1;
    counter.setUint32(0, calls);
    chacha20(bytes, new Uint8Array(bytes.length), nonce, key);
  };
}

export function randomNumber(random: RandomFill, below: number): number {
  const bytes = new Uint8Array(4);
  random(bytes);
  return new DataView(bytes.buffer).getUint32(0) % below;
}

export function randomBytes(random: RandomFill, sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  random(bytes);
  return bytes;
}

export interface World {
  readonly random: RandomFill;
  readonly keys: readonly MixKey[];
  readonly ids: readonly Uint8Array[];
}

/** Relays whose keys are of three epochs in turn, one of them over the 256th. */
export function createWorld(seed: number, relays = 7): World {
  const random = seededRandom(seed);
  const indices = Array.from({ length: relays }, (_, index) => index);
  return {
    random,
    keys: indices.map((index) => createMixKey(EPOCH + (index % 3), random)),
    ids: indices.map(() => randomBytes(random, 16)),
  };
}

/** Through the first `hops` relays. */
export function routeOf(world: World, hops: number, end: RouteEnd): Route {
  return {
    hops: world.keys.slice(0, hops).map(({ publicKey, epoch }, index) => ({
      id: world.ids[index] as Uint8Array,
      publicKey,
      epoch,
      delayClass: index % 5,
    })),
    end,
  };
}

export function payloadOf(data: Uint8Array, surbs: readonly Uint8Array[] = []): Uint8Array {
  const payload = new Uint8Array(PAYLOAD_BYTES);
  encodePayload(payload, { kind: 0, surbs, data });
  return payload;
}

/** The relay's key alone, as most of them hold few. */
export function keyAt(world: World, index: number): MixKey[] {
  return [world.keys[index] as MixKey];
}

/** Repetitions of a fuzzer: few, or as many as fit the milliseconds of FUZZ_MS. */
export function fuzzRuns(few: number): { numRuns: number; interruptAfterTimeLimit: number } {
  const ms = process.env['FUZZ_MS'];
  return {
    numRuns: ms === undefined ? few : 100_000_000,
    interruptAfterTimeLimit: ms === undefined ? 30_000 : Number(ms),
  };
}
