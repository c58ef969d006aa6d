/**
 * The open mix keys of all lanes, in shared memory that is locked where the system allows. The main thread
 * writes; peel threads read. A key lives here and nowhere else, so that zeroing its place erases it.
 */
import { lockBytes, type RandomFill, unlockBytes, x25519PublicKey, zeroBytes } from '@fog/crypto';
import type { MixKey } from '@fog/sphinx';
import { fail } from '../errors.ts';
import { MAX_LANES } from './limits.ts';
import type { LaneKeys } from './peel-lane.ts';

/** The last epoch's key, this one's and the next two, by the epoch modulo four. */
const PLACES = 4;
const PLACE_BYTES = 128;
const LANE_BYTES = PLACES * PLACE_BYTES;
const IN_PLACE = { state: 0, epoch: 8, publicKey: 32, secretKey: 64 } as const;
const STATE = { empty: 0, closed: 1, open: 2 } as const;

/** A place for each key of each relay a pool serves. */
export const KEY_TABLE_BYTES: number = MAX_LANES * LANE_BYTES;

interface Place {
  readonly state: Int32Array;
  readonly epoch: Float64Array;
  readonly publicKey: Uint8Array;
  readonly secretKey: Uint8Array;
}

function openPlace(table: SharedArrayBuffer, lane: number, place: number): Place {
  const from = lane * LANE_BYTES + place * PLACE_BYTES;
  return {
    state: new Int32Array(table, from + IN_PLACE.state, 1),
    epoch: new Float64Array(table, from + IN_PLACE.epoch, 1),
    publicKey: new Uint8Array(table, from + IN_PLACE.publicKey, 32),
    secretKey: new Uint8Array(table, from + IN_PLACE.secretKey, 32),
  };
}

/** Keeps the table out of swap; false where the system refuses, and then keys live in ordinary memory. */
export function lockKeyTable(table: SharedArrayBuffer): boolean {
  return lockBytes(new Uint8Array(table));
}

export function eraseKeyTable(table: SharedArrayBuffer): void {
  unlockBytes(new Uint8Array(table));
}

/** The keys a peel thread may use for a lane now. */
export function openKeysOf(table: SharedArrayBuffer, lane: number): MixKey[] {
  const keys: MixKey[] = [];
  for (let index = 0; index < PLACES; index += 1) {
    const place = openPlace(table, lane, index);
    if (Atomics.load(place.state, 0) !== STATE.open) continue;
    const epoch = place.epoch[0] ?? 0;
    keys.push({ epoch, publicKey: place.publicKey, secretKey: place.secretKey });
  }
  return keys;
}

/** The main thread's side of one lane; `changed` tells the threads. */
export function createLaneKeys(
  table: SharedArrayBuffer,
  lane: number,
  changed: () => void,
): LaneKeys {
  const places = Array.from({ length: PLACES }, (_, index) => openPlace(table, lane, index));
  const placeOf = (epoch: number): Place => places[epoch % PLACES] as Place;
  const held = (place: Place, epoch: number): boolean =>
    place.state[0] !== STATE.empty && place.epoch[0] === epoch;
  const empty = (place: Place): void => {
    Atomics.store(place.state, 0, STATE.empty);
    zeroBytes(place.secretKey, place.publicKey);
    changed();
  };
  return {
    create: (epoch: number, random: RandomFill): MixKey => {
      const place = placeOf(epoch);
      if (place.state[0] !== STATE.empty) {
        throw fail('MIXNET_KEY_PLACE', {
          message: `The key of epoch ${place.epoch[0]} must be erased before one of epoch ${epoch} is made.`,
        });
      }
      random(place.secretKey);
      x25519PublicKey(place.publicKey, place.secretKey);
      place.epoch[0] = epoch;
      Atomics.store(place.state, 0, STATE.closed);
      return { epoch, publicKey: place.publicKey.slice(), secretKey: place.secretKey };
    },
    setOpen: (epoch, open) => {
      const place = placeOf(epoch);
      if (!held(place, epoch)) return;
      Atomics.store(place.state, 0, open ? STATE.open : STATE.closed);
      changed();
    },
    erase: (epoch) => {
      const place = placeOf(epoch);
      if (held(place, epoch)) empty(place);
    },
    eraseAll: () => {
      for (const place of places) empty(place);
    },
  };
}
