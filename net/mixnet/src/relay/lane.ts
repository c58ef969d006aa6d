/** One lane of the peel pool, on the main thread. */
import {
  COMMAND,
  type CommandName,
  commandName,
  ID_BYTES,
  PACKET_BYTES,
  PEEL_VERDICTS,
  type PeelVerdict,
  SURB_ID_BYTES,
  TAG_BYTES,
} from '@fog/sphinx';
import { createLaneKeys } from './key-table.ts';
import { SLOTS_PER_BLOCK } from './limits.ts';
import type { PacketMemory } from './packet-memory.ts';
import type { LaneKeys, LaneOptions, LaneRefusal, PeelLane } from './peel-lane.ts';
import { CONTROL, type PeelShared, ringEntry } from './peel-shared.ts';
import { type Block, IN_SLOT, SLOT_STRIDE } from './slot-layout.ts';

/** What the lanes of one pool share. */
export interface LaneShared {
  readonly shared: PeelShared;
  readonly memory: PacketMemory;
  /** Per slot, as the submitter gave it. */
  readonly marks: Uint8Array;
  /** Position of the submission ring. */
  submitted: number;
  /** Submitted since the threads were woken last. */
  unflushed: number;
}

export interface OpenLaneOptions extends LaneOptions {
  readonly index: number;
  /** Called once it is closed and no packet of it is with a thread. */
  readonly onClosed: () => void;
}

const DROP = commandName(COMMAND.drop) as CommandName;

export class Lane implements PeelLane {
  readonly keys: LaneKeys;
  readonly #state: LaneShared;
  readonly #options: OpenLaneOptions;
  readonly #mask: number;
  readonly #id = new Uint8Array(ID_BYTES);
  readonly #tag = new Uint8Array(TAG_BYTES);
  #depth = 0;
  #closed = false;

  constructor(state: LaneShared, options: OpenLaneOptions) {
    const { control, keyTable, ringSize } = state.shared;
    this.#state = state;
    this.#options = options;
    this.#mask = ringSize - 1;
    this.keys = createLaneKeys(keyTable, options.index, () => {
      Atomics.add(control, CONTROL.keys, 1);
    });
  }

  get depth(): number {
    return this.#depth;
  }

  get queueLimit(): number {
    return this.#options.queueLimit;
  }

  submit(bytes: Buffer, offset: number, mark: number): LaneRefusal | undefined {
    if (this.#depth >= this.#options.queueLimit) return 'queue-full';
    const state = this.#state;
    const slot = state.memory.take();
    if (slot < 0) return 'no-memory';
    bytes.copy(this.#block(slot).bytes, startOf(slot), offset, offset + PACKET_BYTES);
    state.marks[slot] = mark;
    state.shared.submitRing[state.submitted & this.#mask] = ringEntry(this.#options.index, slot);
    state.submitted = (state.submitted + 1) | 0;
    state.unflushed += 1;
    this.#depth += 1;
    return undefined;
  }

  flush(): void {
    const state = this.#state;
    if (state.unflushed === 0) return;
    const { control } = state.shared;
    Atomics.store(control, CONTROL.submitted, state.submitted);
    const wanted = Math.min(Atomics.load(control, CONTROL.sleepers), state.unflushed);
    state.unflushed = 0;
    if (wanted > 0) Atomics.notify(control, CONTROL.submitted, wanted);
  }

  /** A packet came back from its thread. */
  finish(slot: number): void {
    this.#depth -= 1;
    if (!this.#closed) {
      this.#options.onPeeled(slot);
      return;
    }
    this.release(slot);
    if (this.#depth === 0) this.#options.onClosed();
  }

  /** A packet whose thread ended: nobody knows how far it came. */
  lose(slot: number): void {
    this.#depth -= 1;
    this.release(slot);
    if (!this.#closed) this.#options.onLost?.();
    else if (this.#depth === 0) this.#options.onClosed();
  }

  mark(slot: number): number {
    return this.#state.marks[slot] ?? 0;
  }

  verdict(slot: number): PeelVerdict {
    return PEEL_VERDICTS[this.#byte(slot, IN_SLOT.verdict)] ?? 'malformed';
  }

  command(slot: number): CommandName {
    return commandName(this.#byte(slot, IN_SLOT.command)) ?? DROP;
  }

  delayClass(slot: number): number {
    return this.#byte(slot, IN_SLOT.delayClass);
  }

  packet(slot: number): Buffer {
    return this.#block(slot).packets[slot % SLOTS_PER_BLOCK] as Buffer;
  }

  nextId(slot: number): Uint8Array {
    return this.#read(slot, IN_SLOT.nextId, this.#id);
  }

  surbId(slot: number): Uint8Array {
    return this.#read(slot, IN_SLOT.surbId, new Uint8Array(SURB_ID_BYTES));
  }

  replayTag(slot: number): Uint8Array {
    return this.#read(slot, IN_SLOT.replayTag, this.#tag);
  }

  delayTag(slot: number): Uint8Array {
    return this.#read(slot, IN_SLOT.delayTag, this.#tag);
  }

  release(slot: number): void {
    this.#state.memory.free(slot);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.keys.eraseAll();
    if (this.#depth === 0) this.#options.onClosed();
  }

  #block(slot: number): Block {
    return this.#state.memory.blocks[Math.floor(slot / SLOTS_PER_BLOCK)] as Block;
  }

  #byte(slot: number, field: number): number {
    return this.#block(slot).bytes[startOf(slot) + field] ?? 0;
  }

  #read(slot: number, field: number, target: Uint8Array): Uint8Array {
    const { bytes } = this.#block(slot);
    const at = startOf(slot) + field;
    for (let byte = 0; byte < target.length; byte += 1) target[byte] = bytes[at + byte] ?? 0;
    return target;
  }
}

function startOf(slot: number): number {
  return (slot % SLOTS_PER_BLOCK) * SLOT_STRIDE;
}
