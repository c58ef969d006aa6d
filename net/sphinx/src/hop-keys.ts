/** The keys of one hop, all derived from its shared secret. */
import { deriveKey } from '@fog/crypto';
import { utf8 } from '@fog/kernel';
import { TAG_BYTES } from './geometry.ts';
import type { LionessKeys } from './lioness.ts';

const CONTEXT = utf8('fogsphx1');
const SUBKEY = { header: 1, payloadFirst: 2, payloadSecond: 3, tags: 4 } as const;
const KEY_BYTES = 32;

export interface HopKeys {
  readonly header: HeaderKeys;
  readonly payload: PayloadKeys;
  readonly tags: HopTags;
}

interface Derived {
  readonly bytes: Uint8Array;
}

export interface HeaderKeys extends Derived {
  readonly macKey: Uint8Array;
  readonly streamKey: Uint8Array;
}

export interface PayloadKeys extends LionessKeys {
  readonly first: Uint8Array;
  readonly second: Uint8Array;
}

export interface HopTags extends Derived {
  /** The same for every copy of a packet, and for no two packets. */
  readonly replay: Uint8Array;
  /** What the hop's delay is drawn from; nobody on a link can know it. */
  readonly delay: Uint8Array;
}

export function createHopKeys(): HopKeys {
  const [header, tags] = [bytesOf(2 * KEY_BYTES), bytesOf(2 * TAG_BYTES)];
  return {
    header: {
      bytes: header,
      macKey: header.subarray(0, KEY_BYTES),
      streamKey: header.subarray(KEY_BYTES),
    },
    payload: createPayloadKeys(),
    tags: { bytes: tags, replay: tags.subarray(0, TAG_BYTES), delay: tags.subarray(TAG_BYTES) },
  };
}

export function createPayloadKeys(): PayloadKeys {
  const [first, second] = [bytesOf(2 * KEY_BYTES), bytesOf(2 * KEY_BYTES)];
  return {
    first,
    second,
    words1: new Uint32Array(first.buffer, 0, KEY_BYTES / 4),
    key2: first.subarray(KEY_BYTES),
    words3: new Uint32Array(second.buffer, 0, KEY_BYTES / 4),
    key4: second.subarray(KEY_BYTES),
  };
}

export function deriveHeaderKeys(keys: HeaderKeys, secret: Uint8Array): void {
  deriveKey(keys.bytes, SUBKEY.header, CONTEXT, secret);
}

export function derivePayloadKeys(keys: PayloadKeys, secret: Uint8Array): void {
  deriveKey(keys.first, SUBKEY.payloadFirst, CONTEXT, secret);
  deriveKey(keys.second, SUBKEY.payloadSecond, CONTEXT, secret);
}

export function deriveTags(tags: HopTags, secret: Uint8Array): void {
  deriveKey(tags.bytes, SUBKEY.tags, CONTEXT, secret);
}

/** In memory of its own, so that libsodium finds it in place. */
function bytesOf(sizeBytes: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new ArrayBuffer(sizeBytes));
}
