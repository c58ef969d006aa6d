/** One relay's way through the shared peel pool: its keys, its queue limit, its answers. */
import type { RandomFill } from '@fog/crypto';
import type { CommandName, MixKey, PeelVerdict } from '@fog/sphinx';

export interface LaneOptions {
  /** Packets of this lane that wait for a thread or are in one. */
  readonly queueLimit: number;
  /** Called for each packet that was peeled; the slot is the lane's until it is released. */
  readonly onPeeled: (slot: number) => void;
}

/** Why a packet was not taken. */
export type LaneRefusal = 'queue-full' | 'no-memory';

/** Nothing here allocates for a packet: a slot is a number, and what it holds is read in place. */
export interface PeelLane {
  readonly depth: number;
  readonly queueLimit: number;
  /** Copies a packet in. `mark` (0 to 255) comes back with the slot. */
  submit(bytes: Uint8Array, offset: number, mark: number): LaneRefusal | undefined;
  /** Wakes the threads for what was submitted. */
  flush(): void;
  mark(slot: number): number;
  verdict(slot: number): PeelVerdict;
  command(slot: number): CommandName;
  delayClass(slot: number): number;
  /** The packet as it is to be sent on; valid until the slot is released. */
  packet(slot: number): Uint8Array;
  /** Next relay, mailbox or service; as `packet`. */
  nextId(slot: number): Uint8Array;
  surbId(slot: number): Uint8Array;
  replayTag(slot: number): Uint8Array;
  delayTag(slot: number): Uint8Array;
  release(slot: number): void;
  readonly keys: LaneKeys;
  /** Erases its keys; packets still on their way come to nobody. */
  close(): void;
}

/** The mix keys of a lane, in memory that it shares with the peel threads. */
export interface LaneKeys {
  /** A fresh key, or one with the given secret; closed at first. */
  create(epoch: number, random: RandomFill): MixKey;
  /** Lets the threads peel with it, or no longer. */
  setOpen(epoch: number, open: boolean): void;
  /** Zeroes the secret for this and all threads. */
  erase(epoch: number): void;
}
