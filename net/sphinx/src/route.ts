/** The way a packet is to take, as its sender sees it. */
import { COMMAND } from './commands.ts';
import { fail } from './errors.ts';
import { ID_BYTES, MAX_DELAY_CLASS, MAX_HOPS, SLOT, SURB_ID_BYTES } from './geometry.ts';

export interface RouteHop {
  /** 16 bytes. */
  readonly id: Uint8Array;
  /** The relay's mix key of this epoch. */
  readonly publicKey: Uint8Array;
  readonly epoch: number;
  /** How long the relay is to hold the packet. */
  readonly delayClass: number;
}

/** What the last hop does. */
export type RouteEnd =
  | { readonly command: 'deliver'; readonly id: Uint8Array }
  | { readonly command: 'reply'; readonly id: Uint8Array; readonly surbId: Uint8Array }
  | { readonly command: 'drop' };

export interface Route {
  /** One to seven. */
  readonly hops: readonly RouteHop[];
  readonly end: RouteEnd;
}

/** Throws SPHINX_ROUTE with what is wrong. */
export function requireRoute({ hops, end }: Route): void {
  if (hops.length < 1 || hops.length > MAX_HOPS) {
    throw bad(`it has ${hops.length} hops, and 1 to ${MAX_HOPS} are possible`);
  }
  for (const [index, hop] of hops.entries()) {
    if (hop.id.length !== ID_BYTES)
      throw bad(`the id of hop ${index + 1} has not ${ID_BYTES} bytes`);
    if (hop.publicKey.length !== 32) throw bad(`the key of hop ${index + 1} has not 32 bytes`);
    if (!Number.isSafeInteger(hop.epoch) || hop.epoch < 0) {
      throw bad(`the key epoch of hop ${index + 1} is ${hop.epoch}`);
    }
    if (
      !(
        Number.isInteger(hop.delayClass) &&
        hop.delayClass >= 0 &&
        hop.delayClass <= MAX_DELAY_CLASS
      )
    ) {
      throw bad(
        `the delay class of hop ${index + 1} is ${hop.delayClass}, not 0 to ${MAX_DELAY_CLASS}`,
      );
    }
  }
  if (end.command !== 'drop' && end.id.length !== ID_BYTES) {
    throw bad(`the mailbox or service id has not ${ID_BYTES} bytes`);
  }
  if (end.command === 'reply' && end.surbId.length !== SURB_ID_BYTES) {
    throw bad(`the SURB id has not ${SURB_ID_BYTES} bytes`);
  }
}

export function lowOrderKey(hop: number): Error {
  return bad(`the key of hop ${hop + 1} is no usable key`);
}

/** Writes the slot of the last hop. */
export function writeEndSlot(slot: Uint8Array, end: RouteEnd, delayClass: number): void {
  slot.fill(0);
  slot[SLOT.command] = COMMAND[end.command];
  slot[SLOT.delayClass] = delayClass;
  if (end.command !== 'drop') slot.set(end.id, SLOT.id);
  if (end.command === 'reply') slot.set(end.surbId, SLOT.ciphertext);
}

/** Writes the slot of a hop before the last. */
export function writeForwardSlot(
  slot: Uint8Array,
  next: RouteHop & { readonly ciphertext: Uint8Array; readonly mac: Uint8Array },
  delayClass: number,
): void {
  slot.fill(0);
  slot[SLOT.command] = COMMAND.forward;
  slot.set(next.id, SLOT.id);
  slot[SLOT.delayClass] = delayClass;
  slot[SLOT.epoch] = next.epoch % 256;
  slot.set(next.ciphertext, SLOT.ciphertext);
  slot.set(next.mac, SLOT.mac);
}

function bad(why: string): Error {
  return fail('SPHINX_ROUTE', { message: `No packet can take this route: ${why}.` });
}
