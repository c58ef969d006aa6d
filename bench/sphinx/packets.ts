/** What the measurements work on: a relay key, and packets of three hops whose first hop it is. */
import { randomFill } from '@fog/crypto';
import {
  type BuildSpace,
  createBuildSpace,
  createMixKey,
  createPacket,
  ID_BYTES,
  type MixKey,
  PACKET_BYTES,
  PAYLOAD_BYTES,
  type Route,
} from '@fog/sphinx';

const EPOCH = 1_000_000;

export interface Packets {
  readonly space: BuildSpace;
  readonly payload: Uint8Array;
  readonly key: MixKey;
  route(hops: number): Route;
  /** So many different packets one behind the other in shared memory. */
  shared(count: number): SharedArrayBuffer;
}

export function makePackets(): Packets {
  const space = createBuildSpace(randomFill);
  const keys = Array.from({ length: 7 }, () => createMixKey(EPOCH, randomFill));
  const payload = new Uint8Array(PAYLOAD_BYTES);
  const route = (hops: number): Route => ({
    hops: keys.slice(0, hops).map(({ publicKey, epoch }) => {
      const id = new Uint8Array(ID_BYTES);
      randomFill(id);
      return { id, publicKey, epoch, delayClass: 0 };
    }),
    end: { command: 'drop' },
  });
  return {
    space,
    payload,
    key: keys[0] as MixKey,
    route,
    shared: (count) => {
      const buffer = new SharedArrayBuffer(count * PACKET_BYTES);
      for (const packet of slots(buffer)) createPacket(packet, route(3), payload, space);
      return buffer;
    },
  };
}

/** Views of the packets that lie in the buffer. */
export function slots(buffer: SharedArrayBuffer): Uint8Array[] {
  return Array.from(
    { length: buffer.byteLength / PACKET_BYTES },
    (_, index) => new Uint8Array(buffer, index * PACKET_BYTES, PACKET_BYTES),
  );
}
