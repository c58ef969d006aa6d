/** Single-use reply blocks: a header made by the receiver of the answer, and a key for its payload. */
import { type PayloadSpace, createHeader, type BuildSpace } from './build.ts';
import { fail } from './errors.ts';
import {
  HEADER_BYTES,
  MAX_HOPS,
  PACKET,
  PACKET_BYTES,
  PAYLOAD_BYTES,
  SECRET_BYTES,
  SUITE,
  SURB,
  SURB_BYTES,
  SURB_KEYS_BYTES,
  ZEROS_BYTES,
} from './geometry.ts';
import { derivePayloadKeys } from './hop-keys.ts';
import { lionessDecrypt, lionessEncrypt } from './lioness.ts';
import type { Route, RouteHop } from './route.ts';
import { requireSize } from './size.ts';

export type SurbVerdict = 'ok' | 'wrong-size' | 'wrong-suite';
export type ReplyVerdict = 'ok' | 'wrong-size' | 'bad-keys' | 'bad-payload';

/**
 * Writes a SURB (602 bytes, for the peer) and its keys (257 bytes, to be kept under the SURB id
 * until the answer comes or the epoch of the route ends). The route ends with `reply`.
 */
export function createSurb(
  surb: Uint8Array,
  surbKeys: Uint8Array,
  route: Route,
  space: BuildSpace,
): void {
  requireSize('the SURB', surb, SURB_BYTES);
  requireSize('the SURB keys', surbKeys, SURB_KEYS_BYTES);
  if (route.end.command !== 'reply') {
    throw fail('SPHINX_ROUTE', { message: 'The route of a SURB must end with a reply.' });
  }
  createHeader(surb.subarray(SURB.header, SURB.key), route, space);
  surb.set((route.hops[0] as RouteHop).id, SURB.firstHop);
  const key = surb.subarray(SURB.key);
  space.random(key);
  surbKeys.fill(0);
  surbKeys[0] = route.hops.length;
  surbKeys.set(key, 1);
  for (let hop = 0; hop < route.hops.length; hop += 1) {
    surbKeys.set((space.hops[hop] as { secret: Uint8Array }).secret, 1 + SECRET_BYTES * (hop + 1));
  }
}

/** Id of the relay the answer goes to first. */
export function surbFirstHop(surb: Uint8Array): Uint8Array {
  return surb.subarray(SURB.firstHop, SURB.header);
}

/** Low byte of the key epoch of that relay: the SURB is dead when the epoch is over. */
export function surbEpochByte(surb: Uint8Array): number {
  return surb[SURB.header + PACKET.epoch] ?? 0;
}

/** Makes the packet that carries the payload along the SURB. A SURB must be used once. */
export function replyWithSurb(
  packet: Uint8Array,
  surb: Uint8Array,
  payload: Uint8Array,
  { block, surbKeys }: PayloadSpace,
): SurbVerdict {
  requireSize('the packet', packet, PACKET_BYTES);
  requireSize('the payload', payload, PAYLOAD_BYTES);
  if (surb.length !== SURB_BYTES) return 'wrong-size';
  if (surb[SURB.header + PACKET.suite] !== SUITE) return 'wrong-suite';
  derivePayloadKeys(surbKeys, surb.subarray(SURB.key));
  block.bytes.set(payload);
  lionessEncrypt(block, surbKeys);
  packet.set(surb.subarray(SURB.header, SURB.header + HEADER_BYTES));
  packet.set(block.bytes, PACKET.payload);
  return 'ok';
}

/** Decrypts the payload of an answer in place, with the keys kept for its SURB. */
export function openReply(
  payload: Uint8Array,
  keys: Uint8Array,
  { block, surbKeys }: PayloadSpace,
): ReplyVerdict {
  if (payload.length !== PAYLOAD_BYTES) return 'wrong-size';
  const hops = keys[0] ?? 0;
  if (keys.length !== SURB_KEYS_BYTES || hops < 1 || hops > MAX_HOPS) return 'bad-keys';
  block.bytes.set(payload);
  // Every hop has decrypted what was encrypted once: undo the hops, the last one first.
  for (let hop = hops; hop >= 1; hop -= 1) {
    derivePayloadKeys(surbKeys, secretAt(keys, hop));
    lionessEncrypt(block, surbKeys);
  }
  derivePayloadKeys(surbKeys, secretAt(keys, 0));
  lionessDecrypt(block, surbKeys);
  if (block.bytes.subarray(0, ZEROS_BYTES).some((byte) => byte !== 0)) return 'bad-payload';
  payload.set(block.bytes);
  return 'ok';
}

function secretAt(keys: Uint8Array, index: number): Uint8Array {
  const from = 1 + SECRET_BYTES * index;
  return keys.subarray(from, from + SECRET_BYTES);
}
