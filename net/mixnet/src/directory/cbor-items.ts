/**
 * How many items a piece of CBOR has, without decoding it. A byte of input can be a whole object in memory:
 * what anybody may send is counted before it is built.
 */

const BYTES = 2;
const TEXT = 3;
/** Additional information from here on gives the argument in 1, 2, 4 or 8 bytes. */
const FIRST_SIZED = 24;
const LAST_SIZED = 27;

/** Where a head is malformed the count ends: a decoder goes no further either. */
export function hasMoreItems(bytes: Uint8Array, maxItems: number): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let items = 0;
  let at = 0;
  while (at < bytes.length) {
    items += 1;
    if (items > maxItems) return true;
    const head = view.getUint8(at);
    const info = head & 31;
    const size = info < FIRST_SIZED ? 0 : 2 ** (info - FIRST_SIZED);
    if (info > LAST_SIZED || at + 1 + size > bytes.length) return false;
    const major = head >> 5;
    const content = major === BYTES || major === TEXT ? argument(view, at + 1, size, info) : 0;
    at += 1 + size + content;
  }
  return false;
}

function argument(view: DataView, at: number, size: number, info: number): number {
  if (size === 0) return info;
  if (size === 1) return view.getUint8(at);
  if (size === 2) return view.getUint16(at);
  return size === 4 ? view.getUint32(at) : Number(view.getBigUint64(at));
}
