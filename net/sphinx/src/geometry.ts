/** Sizes and places of suite 1. They are the same at every hop and for every sender. */
import { blake2b, encodeCanonical } from '@fog/crypto';

export const SUITE = 1;

/** Hops of one route. Each costs every packet a slot, used or not. */
export const MAX_HOPS = 7;

/** Of relays, mailboxes and services. */
export const ID_BYTES = 16;
export const SURB_ID_BYTES = 16;
export const TAG_BYTES = 16;
export const SECRET_BYTES = 32;
export const CIPHERTEXT_BYTES = 32;
export const MAC_BYTES = 16;

/** Class 0 to 4; what they mean is in the consensus. */
export const MAX_DELAY_CLASS = 4;

/** What the first hop reads of a slot, and where. */
export const SLOT = {
  command: 0,
  id: 1,
  delayClass: 17,
  epoch: 18,
  spare: 19,
  ciphertext: 24,
  mac: 56,
} as const;
export const SLOT_BYTES = 72;
export const ROUTING_BYTES = MAX_HOPS * SLOT_BYTES;
/** A relay reads one slot more than the routing holds: the zeros it appends. */
export const STREAM_BYTES = ROUTING_BYTES + SLOT_BYTES;

/** Where the parts of a packet begin. */
export const PACKET = {
  suite: 0,
  epoch: 1,
  ciphertext: 2,
  mac: 34,
  routing: 50,
  payload: 554,
} as const;
/** Suite, epoch, ciphertext: what the MAC covers before the routing. */
export const PREFIX_BYTES = PACKET.mac;
export const HEADER_BYTES = PACKET.payload;

export const ZEROS_BYTES = 32;
/** Where the parts of a payload begin. */
export const PAYLOAD = { zeros: 0, kind: 32, surbCount: 33, length: 34, body: 36 } as const;
/** Room of one packet: two full Ethernet frames carry it with its header. */
export const BODY_BYTES = 2048;
/** The body, its frame, and the zeros that show it was not tampered with. */
export const PAYLOAD_BYTES = PAYLOAD.body + BODY_BYTES;
/** The one size on every link. */
export const PACKET_BYTES = HEADER_BYTES + PAYLOAD_BYTES;

/** Where the parts of a single-use reply block begin. */
export const SURB = { firstHop: 0, header: ID_BYTES, key: ID_BYTES + HEADER_BYTES } as const;
export const SURB_BYTES = SURB.key + SECRET_BYTES;
/** As many as fit one body. */
export const MAX_SURBS = 3;
/** What the maker of a SURB keeps: number of hops, its key, the secret of each hop. */
export const SURB_KEYS_BYTES = 1 + SECRET_BYTES * (1 + MAX_HOPS);

/** BLAKE2b-256 of the sizes above in canonical CBOR: two ends with other sizes have other hashes. */
export function geometryHash(): Uint8Array {
  const hash = new Uint8Array(32);
  const sizes = {
    suite: SUITE,
    maxHops: MAX_HOPS,
    slotBytes: SLOT_BYTES,
    headerBytes: HEADER_BYTES,
    payloadBytes: PAYLOAD_BYTES,
    packetBytes: PACKET_BYTES,
    surbBytes: SURB_BYTES,
  };
  blake2b(hash, encodeCanonical(sizes));
  return hash;
}
