/** What waits for one client: numbered items, kept until the client confirms them or they expire. */
import { PAYLOAD_BYTES } from '@fog/sphinx';

export interface MailboxItem {
  /** Grows by one with each item, also over restarts of the gateway. */
  readonly sequence: number;
  readonly arrivedMs: number;
  /** Set for an answer: the payload is then still under the layers its receiver takes off. */
  readonly surbId: Uint8Array | undefined;
  readonly payload: Uint8Array;
}

/** Memory an item costs, nearly all of it its payload. */
export const ITEM_BYTES: number = PAYLOAD_BYTES + 128;

export interface Mailbox {
  readonly size: number;
  /** Number the next item will get. */
  readonly nextSequence: number;
  add(payload: Uint8Array, surbId: Uint8Array | undefined, nowMs: number): void;
  /** The first item from this number on. */
  from(sequence: number): MailboxItem | undefined;
  /** Forgets the items up to and with this number; returns how many. */
  confirm(sequence: number): number;
  /** Forgets the items that arrived before; returns how many. */
  expire(beforeMs: number): number;
}

export function createMailbox(firstSequence: number): Mailbox {
  let items: MailboxItem[] = [];
  // The items before `head` are gone; the array is cut when half of it is.
  let head = 0;
  let nextSequence = firstSequence;

  const first = (): MailboxItem | undefined => items[head];
  const dropWhile = (gone: (item: MailboxItem) => boolean): number => {
    const before = head;
    for (let item = first(); item !== undefined && gone(item); item = first()) head += 1;
    const dropped = head - before;
    if (head * 2 >= items.length) {
      items = items.slice(head);
      head = 0;
    }
    return dropped;
  };

  return {
    get size() {
      return items.length - head;
    },
    get nextSequence() {
      return nextSequence;
    },
    add: (payload, surbId, nowMs) => {
      items.push({ sequence: nextSequence, arrivedMs: nowMs, surbId, payload });
      nextSequence += 1;
    },
    from: (sequence) => {
      const oldest = first();
      return oldest && items[head + Math.max(0, sequence - oldest.sequence)];
    },
    confirm: (sequence) => dropWhile((item) => item.sequence <= sequence),
    expire: (beforeMs) => dropWhile((item) => item.arrivedMs < beforeMs),
  };
}
