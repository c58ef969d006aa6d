/** How a slot of packet memory is laid out; main thread and peel threads share it. */
import { ID_BYTES, PACKET_BYTES, SURB_ID_BYTES, TAG_BYTES } from '@fog/sphinx';
import { SLOTS_PER_BLOCK } from './limits.ts';

const AFTER_PACKET = PACKET_BYTES + ((4 - (PACKET_BYTES % 4)) % 4);

/** Offsets in a slot. What follows the packet is what peeling it gave. */
export const IN_SLOT = {
  packet: 0,
  nextId: AFTER_PACKET,
  surbId: AFTER_PACKET + ID_BYTES,
  replayTag: AFTER_PACKET + ID_BYTES + SURB_ID_BYTES,
  delayTag: AFTER_PACKET + ID_BYTES + SURB_ID_BYTES + TAG_BYTES,
  verdict: AFTER_PACKET + ID_BYTES + SURB_ID_BYTES + 2 * TAG_BYTES,
  command: AFTER_PACKET + ID_BYTES + SURB_ID_BYTES + 2 * TAG_BYTES + 1,
  delayClass: AFTER_PACKET + ID_BYTES + SURB_ID_BYTES + 2 * TAG_BYTES + 2,
} as const;

/** A multiple of a cache line: two threads never write to the same one. */
export const SLOT_STRIDE: number = Math.ceil((IN_SLOT.delayClass + 1) / 64) * 64;
export const BLOCK_BYTES: number = SLOT_STRIDE * SLOTS_PER_BLOCK;

/** What a thread writes back of a peeled packet. */
export const PEELED_BYTES: number = IN_SLOT.delayClass + 1;

/**
 * Views of one block, made once. They are Buffers because `copy` moves shared memory ten times faster than
 * `set`, which touches it byte by byte.
 */
export interface Block {
  readonly memory: SharedArrayBuffer;
  readonly bytes: Buffer;
  readonly packets: readonly Buffer[];
}

export function openBlock(memory: SharedArrayBuffer): Block {
  return {
    memory,
    bytes: Buffer.from(memory),
    packets: Array.from({ length: SLOTS_PER_BLOCK }, (_, slot) =>
      Buffer.from(memory, slot * SLOT_STRIDE, PACKET_BYTES),
    ),
  };
}
