/** Messages longer than a packet: id 8, index 2, total 2, then a part of the message. */
import { concatBytes, type Clock } from '@fog/kernel';
import { fail } from './errors.ts';
import { BODY_BYTES } from './geometry.ts';

export const FRAGMENT_ID_BYTES = 8;
export const FRAGMENT_FRAME_BYTES = FRAGMENT_ID_BYTES + 4;
/** Data of a fragment that shares its packet with no SURB. */
const DEFAULT_PART_BYTES = BODY_BYTES - FRAGMENT_FRAME_BYTES;

/** Fragments of one message: about 1 MB; more is a stream's work. */
export const MAX_FRAGMENTS = 512;
/** Messages being put together at once: a peer that never ends what it began must not fill the memory. */
export const MAX_OPEN_MESSAGES = 64;
/** Data held for unfinished messages, all together. */
export const MAX_OPEN_BYTES = 8 * 1024 * 1024;
/** An unfinished message is forgotten after this: no retransmission takes longer. */
export const MAX_OPEN_MS = 10 * 60 * 1000;
/** Ids of messages put together lately: a fragment sent twice must not begin its message again. */
export const MAX_DONE_MESSAGES = 1024;

/** Bodies of kind `fragment`, in order. Throws SPHINX_MESSAGE when there would be too many. */
export function splitMessage(
  message: Uint8Array,
  id: Uint8Array,
  partBytes: number = DEFAULT_PART_BYTES,
): Uint8Array[] {
  const total = Math.max(1, Math.ceil(message.length / partBytes));
  if (total > MAX_FRAGMENTS || id.length !== FRAGMENT_ID_BYTES) {
    throw fail('SPHINX_MESSAGE', {
      message: `A message of ${message.length} bytes is too long for ${MAX_FRAGMENTS} fragments of ${partBytes} bytes: use a stream.`,
    });
  }
  return Array.from({ length: total }, (_, index) => {
    const frame = Uint8Array.of(index >> 8, index, total >> 8, total);
    const part = message.subarray(index * partBytes, (index + 1) * partBytes);
    return concatBytes([id, frame, part]);
  });
}

export interface Fragment {
  readonly id: Uint8Array;
  readonly index: number;
  readonly total: number;
  readonly part: Uint8Array;
}

/** Views of the fragment, or undefined when the bytes are none. Never throws. */
export function decodeFragment(bytes: Uint8Array): Fragment | undefined {
  if (bytes.length < FRAGMENT_FRAME_BYTES || bytes.length > BODY_BYTES) return undefined;
  const [index, total] = [uint16(bytes, FRAGMENT_ID_BYTES), uint16(bytes, FRAGMENT_ID_BYTES + 2)];
  if (total < 1 || total > MAX_FRAGMENTS || index >= total) return undefined;
  const part = bytes.subarray(FRAGMENT_FRAME_BYTES);
  if (part.length === 0 && total > 1) return undefined;
  return { id: bytes.subarray(0, FRAGMENT_ID_BYTES), index, total, part };
}

export type FragmentVerdict =
  | { readonly state: 'complete'; readonly message: Uint8Array }
  | { readonly state: 'incomplete' | 'duplicate' | 'malformed' | 'full' };

export interface Reassembler {
  /** Takes a body of kind `fragment`; copies what it keeps. Never throws. */
  add(bytes: Uint8Array): FragmentVerdict;
  /** Messages begun and not ended. */
  readonly open: number;
}

interface OpenMessage {
  readonly parts: (Uint8Array | undefined)[];
  readonly startedMs: number;
  missing: number;
  sizeBytes: number;
}

export function createReassembler({ clock }: { readonly clock: Clock }): Reassembler {
  const open = new Map<string, OpenMessage>();
  const done = new Set<string>();
  let heldBytes = 0;

  const forget = (key: string, message: OpenMessage): void => {
    open.delete(key);
    heldBytes -= message.sizeBytes;
  };
  // A map keeps the order of insertion, so the oldest come first.
  const expire = (now: number): void => {
    for (const [key, message] of open) {
      if (now - message.startedMs < MAX_OPEN_MS) return;
      forget(key, message);
    }
  };
  const remember = (key: string): void => {
    done.add(key);
    const [oldest] = done;
    if (done.size > MAX_DONE_MESSAGES && oldest !== undefined) done.delete(oldest);
  };
  const begin = (key: string, total: number, startedMs: number): OpenMessage | undefined => {
    if (open.size >= MAX_OPEN_MESSAGES) return undefined;
    const parts = Array.from<Uint8Array | undefined>({ length: total });
    const message = { parts, startedMs, missing: total, sizeBytes: 0 };
    open.set(key, message);
    return message;
  };

  return {
    get open() {
      return open.size;
    },
    add: (bytes) => {
      const fragment = decodeFragment(bytes);
      if (fragment === undefined) return { state: 'malformed' };
      const { id, index, total, part } = fragment;
      const now = clock.monotonicMs();
      expire(now);
      const key = id.join();
      if (done.has(key)) return { state: 'duplicate' };
      const message = open.get(key) ?? begin(key, total, now);
      if (message === undefined || heldBytes + part.length > MAX_OPEN_BYTES) {
        return { state: 'full' };
      }
      if (message.parts.length !== total) return { state: 'malformed' };
      if (message.parts[index] !== undefined) return { state: 'duplicate' };
      message.parts[index] = part.slice();
      message.missing -= 1;
      message.sizeBytes += part.length;
      heldBytes += part.length;
      if (message.missing > 0) return { state: 'incomplete' };
      forget(key, message);
      remember(key);
      return { state: 'complete', message: concatBytes(message.parts as Uint8Array[]) };
    },
  };
}

function uint16(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0);
}
