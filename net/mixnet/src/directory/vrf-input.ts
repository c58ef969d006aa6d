/** What relays and authorities put into their VRFs, and how authorities' outputs become the shared value. */
import { blake2b } from '@fog/crypto';
import { concatBytes, utf8 } from '@fog/kernel';

export const SHARED_RANDOM_BYTES = 32;
export const NO_SHARED_RANDOM: Uint8Array = new Uint8Array(SHARED_RANDOM_BYTES);

/** epoch, 8 bytes big-endian ‖ shared random value: α of a relay's delays in that epoch, and of an authority's vote. */
export function vrfInput(epoch: number, sharedRandom: Uint8Array): Uint8Array {
  return concatBytes([epochBytes(epoch), sharedRandom]);
}

export interface VrfShare {
  readonly authority: string;
  /** 64 bytes, β. */
  readonly output: Uint8Array;
}

/** BLAKE2b-256 of label ‖ epoch ‖ predecessor's value ‖ (id as text ‖ β) of each authority, by id. */
export function combineShares(
  epoch: number,
  predecessor: Uint8Array,
  shares: readonly VrfShare[],
): Uint8Array {
  const sorted = shares.toSorted((a, b) => (a.authority < b.authority ? -1 : 1));
  const parts = sorted.flatMap(({ authority, output }) => [utf8(authority), output]);
  const value = new Uint8Array(SHARED_RANDOM_BYTES);
  const label = utf8('fog-shared-random/1\0');
  blake2b(value, concatBytes([label, epochBytes(epoch), predecessor, ...parts]));
  return value;
}

function epochBytes(epoch: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(epoch));
  return bytes;
}
