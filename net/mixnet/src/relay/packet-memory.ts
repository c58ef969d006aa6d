/** Slots of packets on the main thread: which are free, where each lies, and growing up to a ceiling. */
import { SLOTS_PER_BLOCK } from './limits.ts';
import { type Block, BLOCK_BYTES, openBlock } from './slot-layout.ts';

export interface PacketMemory {
  readonly blocks: readonly Block[];
  /** Slots in use, and slots there is memory for. */
  readonly used: number;
  readonly slots: number;
  /** Takes a slot, the one freed last first, so that idle memory stays untouched; -1 at the ceiling. */
  take(): number;
  free(slot: number): void;
}

/** `onGrow` gets each new block before a slot of it is taken. */
export function createPacketMemory(
  maxSlots: number,
  onGrow: (memory: SharedArrayBuffer) => void,
): PacketMemory {
  const blocks: Block[] = [];
  const freeSlots = new Int32Array(Math.ceil(maxSlots / SLOTS_PER_BLOCK) * SLOTS_PER_BLOCK);
  let freeCount = 0;

  const grow = (): boolean => {
    const first = blocks.length * SLOTS_PER_BLOCK;
    if (first >= maxSlots) return false;
    const memory = new SharedArrayBuffer(BLOCK_BYTES);
    blocks.push(openBlock(memory));
    onGrow(memory);
    for (let slot = SLOTS_PER_BLOCK - 1; slot >= 0; slot -= 1) {
      freeSlots[freeCount] = first + slot;
      freeCount += 1;
    }
    return true;
  };

  return {
    blocks,
    get used() {
      return blocks.length * SLOTS_PER_BLOCK - freeCount;
    },
    get slots() {
      return blocks.length * SLOTS_PER_BLOCK;
    },
    take: () => {
      if (freeCount === 0 && !grow()) return -1;
      freeCount -= 1;
      return freeSlots[freeCount] ?? -1;
    },
    free: (slot) => {
      freeSlots[freeCount] = slot;
      freeCount += 1;
    },
  };
}
