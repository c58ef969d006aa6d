/** What a payload holds once all layers are off: zeros, kind, SURBs for the answer, data. */
import { fail } from './errors.ts';
import {
  BODY_BYTES,
  MAX_SURBS,
  PAYLOAD,
  PAYLOAD_BYTES,
  SURB_BYTES,
  ZEROS_BYTES,
} from './geometry.ts';
import { requireSize } from './size.ts';

/** Kinds this package knows; the others, up to 255, are the application's. */
export const PAYLOAD_KIND = {
  /** The data is a whole message. */
  message: 0,
  /** The data is one fragment of a message. */
  fragment: 1,
} as const;

export interface PayloadContent {
  /** 0 to 255. */
  readonly kind: number;
  /** Up to 3, 602 bytes each. */
  readonly surbs: readonly Uint8Array[];
  readonly data: Uint8Array;
}

/** Room for data beside so many SURBs. */
export function dataRoom(surbCount: number): number {
  return BODY_BYTES - surbCount * SURB_BYTES;
}

/** Writes a payload of 2,084 bytes. Throws SPHINX_PAYLOAD when the content does not fit. */
export function encodePayload(payload: Uint8Array, { kind, surbs, data }: PayloadContent): void {
  requireSize('the payload', payload, PAYLOAD_BYTES);
  if (surbs.length > MAX_SURBS || data.length > dataRoom(surbs.length)) {
    throw fail('SPHINX_PAYLOAD', {
      message: `One packet cannot carry ${data.length} bytes and ${surbs.length} SURBs: send less, or fragments.`,
    });
  }
  payload.fill(0);
  payload[PAYLOAD.kind] = kind;
  payload[PAYLOAD.surbCount] = surbs.length;
  payload[PAYLOAD.length] = data.length >> 8;
  payload[PAYLOAD.length + 1] = data.length;
  for (const [index, surb] of surbs.entries()) {
    requireSize('a SURB', surb, SURB_BYTES);
    payload.set(surb, PAYLOAD.body + index * SURB_BYTES);
  }
  payload.set(data, PAYLOAD.body + surbs.length * SURB_BYTES);
}

/** Views of the content, or undefined when the bytes are no payload. Never throws. */
export function decodePayload(payload: Uint8Array): PayloadContent | undefined {
  if (payload.length !== PAYLOAD_BYTES) return undefined;
  for (let index = 0; index < ZEROS_BYTES; index += 1) if (payload[index] !== 0) return undefined;
  const count = payload[PAYLOAD.surbCount] ?? 0;
  const length = ((payload[PAYLOAD.length] ?? 0) << 8) | (payload[PAYLOAD.length + 1] ?? 0);
  if (count > MAX_SURBS || length > dataRoom(count)) return undefined;
  const from = PAYLOAD.body + count * SURB_BYTES;
  return {
    kind: payload[PAYLOAD.kind] ?? 0,
    surbs: Array.from({ length: count }, (_, index) => {
      const start = PAYLOAD.body + index * SURB_BYTES;
      return payload.subarray(start, start + SURB_BYTES);
    }),
    data: payload.subarray(from, from + length),
  };
}
