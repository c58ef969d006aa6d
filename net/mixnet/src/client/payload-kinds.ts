/** Payload kinds of this package, after those of @fog/sphinx. */
import { FRAGMENT_ID_BYTES } from '@fog/sphinx';

/** Asks for parts of an answer: request id 8 ‖ index 2 for each SURB that comes with it. */
export const FETCH_KIND = 2;
/** Content for the client of a mailbox, closed to its gateway: what `sealed-content.ts` makes. */
export const SEALED_KIND = 3;

export interface Fetch {
  readonly id: Uint8Array;
  readonly indices: readonly number[];
}

export function encodeFetch({ id, indices }: Fetch): Uint8Array {
  const bytes = new Uint8Array(FRAGMENT_ID_BYTES + 2 * indices.length);
  bytes.set(id);
  const view = new DataView(bytes.buffer);
  for (const [at, index] of indices.entries()) view.setUint16(FRAGMENT_ID_BYTES + 2 * at, index);
  return bytes;
}

/** Part of a conversation: its id 8 ‖ a fragment; without one, the SURBs beside are for its standing pool. */
export const TALK_KIND = 4;

export interface Talk {
  readonly id: Uint8Array;
  readonly fragment: Uint8Array | undefined;
}

/** Views, or undefined when the bytes are none. Never throws. */
export function decodeTalk(bytes: Uint8Array): Talk | undefined {
  if (bytes.length < FRAGMENT_ID_BYTES) return undefined;
  const fragment = bytes.subarray(FRAGMENT_ID_BYTES);
  return {
    id: bytes.subarray(0, FRAGMENT_ID_BYTES),
    fragment: fragment.length === 0 ? undefined : fragment,
  };
}

/** Undefined when the bytes are none. Never throws. */
export function decodeFetch(bytes: Uint8Array): Fetch | undefined {
  const count = (bytes.length - FRAGMENT_ID_BYTES) / 2;
  if (!Number.isInteger(count) || count < 1) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    id: bytes.slice(0, FRAGMENT_ID_BYTES),
    indices: Array.from({ length: count }, (_, at) => view.getUint16(FRAGMENT_ID_BYTES + 2 * at)),
  };
}
