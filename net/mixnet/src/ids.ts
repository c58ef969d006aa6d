/** Ids of relays, mailboxes and services: 16 bytes in packets, 26 characters of base32 everywhere else. */
import { blake2b } from '@fog/crypto';
import { utf8 } from '@fog/kernel';
import { ID_BYTES } from '@fog/sphinx';
import { base32nopad } from '@scure/base';

/** The bytes of an id, or undefined when the text is none. */
export function idBytes(id: string): Uint8Array | undefined {
  try {
    const bytes = base32nopad.decode(id.toUpperCase());
    return bytes.length === ID_BYTES ? bytes : undefined;
  } catch {
    return undefined;
  }
}

export function idText(bytes: Uint8Array): string {
  return base32nopad.encode(bytes).toLowerCase();
}

/** Every relay offers a service under the same id: the hash of its name. */
export function serviceId(name: string): Uint8Array {
  const digest = new Uint8Array(32);
  blake2b(digest, utf8(`fog-mix-service:${name}`));
  return digest.slice(0, ID_BYTES);
}

/** An id as the key of a map: cheaper than its base32. */
export function idKey(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
