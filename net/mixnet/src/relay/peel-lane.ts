/** One relay's way through the shared peel pool: its keys, its queue limit, its answers. */
import type { RandomFill } from '@fog/crypto';
import type { CommandName, MixKey, PeelVerdict } from '@fog/sphinx';

export interface LaneOptions {
  /** Packets of this lane that wait for a thread or are in one. */
  readonly queueLimit: number;
  /** Called for each packet that was peeled; the slot is the lane's until it is released. */
  readonly onPeeled: (slot: number) => void;
  /** Called for each packet whose thread ended before it was peeled; its slot is free already. */
  readonly onLost?: () => void;
}

/** Why a packet was not taken. */
export type LaneRefusal = 'queue-full' | 'no-memory';

/** Nothing here allocates for a packet: a slot is a number, and what it holds is read in place. */
export interface PeelLane {
  readonly depth: number;
  readonly queueLimit: number;
  /** Copies a packet in, the only time on its way to a thread. `mark` (0 to 255) comes back with the slot. */
  submit(bytes: Buffer, offset: number, mark: number): LaneRefusal | undefined;
  /** Wakes the threads for what was submitted. */
  flush(): void;
  mark(slot: number): number;
  verdict(slot: number): PeelVerdict;
  command(slot: number): CommandName;
  delayClass(slot: number): number;
  /** The packet as it is to be sent on, in shared memory; valid until the slot is released. */
  packet(slot: number): Buffer;
  /** Next relay, mailbox or service. This and the tags are valid until the next is read. */
  nextId(slot: number): Uint8Array;
  /** A copy. */
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
  /** Makes a key whose secret `random` fills; closed at first. */
  create(epoch: number, random: RandomFill): MixKey;
  /** Lets the threads peel with it, or no longer. */
  setOpen(epoch: number, open: boolean): void;
  /** Zeroes the secret for this and all threads. */
  erase(epoch: number): void;
  eraseAll(): void;
}
