/** Bodies of the frames between a client and its gateway; `link/client-frames.ts` says what they hold. */
import { PAYLOAD_BYTES, SURB_ID_BYTES } from '@fog/sphinx';

const AT = { sequence: 0, flag: 8, surbId: 9, payload: 9 + SURB_ID_BYTES } as const;
export const ITEM_BODY_BYTES: number = AT.payload + PAYLOAD_BYTES;
const FLAG = { deliver: 0, reply: 1 } as const;

export interface ItemFrame {
  readonly sequence: number;
  readonly surbId: Uint8Array | undefined;
  readonly payload: Uint8Array;
}

export function encodeItem(body: Uint8Array, { sequence, surbId, payload }: ItemFrame): void {
  writeUint64(body, AT.sequence, sequence);
  body[AT.flag] = surbId === undefined ? FLAG.deliver : FLAG.reply;
  if (surbId === undefined) body.fill(0, AT.surbId, AT.payload);
  else body.set(surbId, AT.surbId);
  body.set(payload, AT.payload);
}

/** A copy of the item, or undefined when the body holds none. Never throws. */
export function decodeItem(body: Uint8Array): ItemFrame | undefined {
  if (body.length < ITEM_BODY_BYTES) return undefined;
  const sequence = readUint64(body, AT.sequence);
  const flag = body[AT.flag];
  if (!Number.isSafeInteger(sequence) || (flag !== FLAG.deliver && flag !== FLAG.reply)) {
    return undefined;
  }
  // A link uses its buffer again, and what it gives is a Buffer, whose `slice` copies nothing.
  const copy = (from: number, to: number): Uint8Array => new Uint8Array(body.subarray(from, to));
  const surbId = flag === FLAG.reply ? copy(AT.surbId, AT.payload) : undefined;
  return { sequence, surbId, payload: copy(AT.payload, ITEM_BODY_BYTES) };
}

export function encodeTaken(sequence: number): Uint8Array {
  const body = new Uint8Array(8);
  writeUint64(body, 0, sequence);
  return body;
}

export function decodeTaken(body: Uint8Array): number | undefined {
  const sequence = body.length < 8 ? Number.NaN : readUint64(body, 0);
  return Number.isSafeInteger(sequence) ? sequence : undefined;
}

/** Frames a second, in thousandths. */
export function encodePace(milli: number): Uint8Array {
  const body = new Uint8Array(4);
  new DataView(body.buffer).setUint32(0, milli);
  return body;
}

export function decodePace(body: Uint8Array): number | undefined {
  if (body.length < 4) return undefined;
  return new DataView(body.buffer, body.byteOffset, 4).getUint32(0);
}

function writeUint64(bytes: Uint8Array, offset: number, value: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  view.setUint32(offset, Math.floor(value / 2 ** 32));
  view.setUint32(offset + 4, value % 2 ** 32);
}

function readUint64(bytes: Uint8Array, offset: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return view.getUint32(offset) * 2 ** 32 + view.getUint32(offset + 4);
}
