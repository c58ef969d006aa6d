/**
 * Builds headers and packets (suite 1, docs/reference/sphinx.md). Against a sender's own mistakes
 * (a relay twice in a row, a key of another epoch) it does not defend.
 */
import { blake2b, chacha20Once, type RandomFill } from '@fog/crypto';
import {
  CIPHERTEXT_BYTES,
  HEADER_BYTES,
  MAC_BYTES,
  MAX_HOPS,
  PACKET,
  PACKET_BYTES,
  PAYLOAD_BYTES,
  PREFIX_BYTES,
  ROUTING_BYTES,
  SECRET_BYTES,
  SLOT_BYTES,
  STREAM_BYTES,
  SUITE,
} from './geometry.ts';
import {
  createHopKeys,
  createPayloadKeys,
  deriveHeaderKeys,
  derivePayloadKeys,
  deriveTags,
  type HopKeys,
  type PayloadKeys,
} from './hop-keys.ts';
import { x25519Kem, type KemSpace } from './kem.ts';
import { lionessBlock, lionessEncrypt, type LionessBlock } from './lioness.ts';
import {
  lowOrderKey,
  requireRoute,
  type Route,
  type RouteHop,
  writeEndSlot,
  writeForwardSlot,
} from './route.ts';
import { requireSize } from './size.ts';

/** Buffers for payloads of one thread. */
export interface PayloadSpace {
  readonly block: LionessBlock;
  readonly surbKeys: PayloadKeys;
}

/** Buffers for building, of one thread. What they hold is valid until the next header is built. */
export interface BuildSpace extends PayloadSpace {
  readonly random: RandomFill;
  readonly hops: readonly HopSpace[];
  readonly kem: KemSpace;
  /** Suite, epoch, ciphertext and routing in one piece, as the MAC reads it. */
  readonly macInput: Uint8Array;
  readonly routing: Uint8Array;
  /** The first slot of the routing. */
  readonly slot: Uint8Array;
  readonly mac: Uint8Array;
  readonly filler: Uint8Array;
}

export interface HopSpace {
  readonly keys: HopKeys;
  readonly secret: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly stream: Uint8Array;
}

const ZEROS = new Uint8Array(STREAM_BYTES);

export function createPayloadSpace(): PayloadSpace {
  return {
    block: lionessBlock(new ArrayBuffer(PAYLOAD_BYTES), 0, PAYLOAD_BYTES),
    surbKeys: createPayloadKeys(),
  };
}

export function createBuildSpace(random: RandomFill): BuildSpace {
  const macInput = new Uint8Array(PREFIX_BYTES + ROUTING_BYTES);
  return {
    ...createPayloadSpace(),
    random,
    hops: Array.from({ length: MAX_HOPS }, () => ({
      keys: createHopKeys(),
      secret: new Uint8Array(SECRET_BYTES),
      ciphertext: new Uint8Array(CIPHERTEXT_BYTES),
      stream: new Uint8Array(STREAM_BYTES),
    })),
    kem: x25519Kem.createSpace(),
    macInput,
    routing: macInput.subarray(PREFIX_BYTES),
    slot: macInput.subarray(PREFIX_BYTES, PREFIX_BYTES + SLOT_BYTES),
    mac: new Uint8Array(MAC_BYTES),
    filler: new Uint8Array(ROUTING_BYTES - SLOT_BYTES),
  };
}

/**
 * Writes a packet for the route; its first hop is `route.hops[0]`. `payload` is one of
 * `encodePayload`. Throws SPHINX_ROUTE for a route no packet can take.
 */
export function createPacket(
  packet: Uint8Array,
  route: Route,
  payload: Uint8Array,
  space: BuildSpace,
): void {
  requireSize('the packet', packet, PACKET_BYTES);
  requireSize('the payload', payload, PAYLOAD_BYTES);
  buildHeader(route, space);
  writeHeader(packet, space);
  space.block.bytes.set(payload);
  for (let hop = route.hops.length - 1; hop >= 0; hop -= 1) {
    const { keys, secret } = hopSpace(space, hop);
    derivePayloadKeys(keys.payload, secret);
    lionessEncrypt(space.block, keys.payload);
  }
  packet.set(space.block.bytes, PACKET.payload);
}

/** Writes only a header; `hopTags` and the secrets in the space belong to it. */
export function createHeader(header: Uint8Array, route: Route, space: BuildSpace): void {
  requireSize('the header', header, HEADER_BYTES);
  buildHeader(route, space);
  writeHeader(header, space);
}

/** The delay tag of a hop of the header built last: what its relay draws the delay from. */
export function hopDelayTag(space: BuildSpace, hop: number): Uint8Array {
  const { keys, secret } = hopSpace(space, hop);
  deriveTags(keys.tags, secret);
  return keys.tags.delay;
}

function buildHeader(route: Route, space: BuildSpace): void {
  requireRoute(route);
  const { hops, end } = route;
  const last = hops.length - 1;
  for (const [index, hop] of hops.entries()) agree(space, index, hop);
  space.random(space.routing.subarray(SLOT_BYTES, (MAX_HOPS - last) * SLOT_BYTES));
  writeEndSlot(space.slot, end, (hops[last] as RouteHop).delayClass);
  appendFiller(space, last);
  seal(space, last, (MAX_HOPS - last) * SLOT_BYTES);
  authenticate(space, last, hops[last] as RouteHop);
  for (let index = last - 1; index >= 0; index -= 1) {
    const [hop, next] = [hops[index] as RouteHop, hops[index + 1] as RouteHop];
    space.routing.copyWithin(SLOT_BYTES, 0, ROUTING_BYTES - SLOT_BYTES);
    const { ciphertext } = hopSpace(space, index + 1);
    const forward = { ...next, ciphertext, mac: space.mac };
    writeForwardSlot(space.slot, forward, hop.delayClass);
    seal(space, index, ROUTING_BYTES);
    authenticate(space, index, hop);
  }
}

/** A fresh shared secret with the hop, and the keys of its header. */
function agree(space: BuildSpace, index: number, hop: RouteHop): void {
  const { keys, secret, ciphertext, stream } = hopSpace(space, index);
  if (!x25519Kem.encapsulate(space.kem, hop, space.random)) throw lowOrderKey(index);
  secret.set(space.kem.secret);
  ciphertext.set(space.kem.ciphertext);
  deriveHeaderKeys(keys.header, secret);
  chacha20Once(stream, ZEROS, keys.header.streamKey);
}

/** The end of the routing as the last hop will receive it: what the hops before it append and encrypt. */
function appendFiller(space: BuildSpace, last: number): void {
  const { filler } = space;
  filler.fill(0);
  for (let index = 0; index < last; index += 1) {
    const from = (MAX_HOPS - index) * SLOT_BYTES;
    xorInto(filler, hopSpace(space, index).stream, { from, sizeBytes: STREAM_BYTES - from });
  }
  space.routing.set(filler.subarray(0, last * SLOT_BYTES), ROUTING_BYTES - last * SLOT_BYTES);
}

function seal(space: BuildSpace, index: number, sizeBytes: number): void {
  xorInto(space.routing, hopSpace(space, index).stream, { from: 0, sizeBytes });
}

function authenticate(space: BuildSpace, index: number, hop: RouteHop): void {
  const { keys, ciphertext } = hopSpace(space, index);
  space.macInput[PACKET.suite] = SUITE;
  space.macInput[PACKET.epoch] = hop.epoch % 256;
  space.macInput.set(ciphertext, PACKET.ciphertext);
  blake2b(space.mac, space.macInput, keys.header.macKey);
}

function writeHeader(header: Uint8Array, { macInput, mac, routing }: BuildSpace): void {
  header.set(macInput.subarray(0, PREFIX_BYTES));
  header.set(mac, PACKET.mac);
  header.set(routing, PACKET.routing);
}

function xorInto(
  target: Uint8Array,
  stream: Uint8Array,
  { from, sizeBytes }: { readonly from: number; readonly sizeBytes: number },
): void {
  for (let index = 0; index < sizeBytes; index += 1) {
    target[index] = (target[index] ?? 0) ^ (stream[from + index] ?? 0);
  }
}

function hopSpace(space: BuildSpace, index: number): HopSpace {
  return space.hops[index] as HopSpace;
}
