import { agreementKey, type Identity, identityId } from '@fog/crypto';
import { base32nopad } from '@scure/base';
import { fail } from '../errors.ts';
import { idBytes } from '../ids.ts';
import type { MixAddress } from './mix-client-api.ts';

/** Where a packet ends, in bytes. */
export interface Destination {
  readonly relay: string;
  /** The mailbox or service. */
  readonly id: Uint8Array;
  /** X25519 key of the mailbox' client; undefined for a service, which is the relay itself. */
  readonly sealTo: Uint8Array | undefined;
}

/** Throws MIXNET_ADDRESS. */
export function destinationOf({ relay, id, key }: MixAddress): Destination {
  const bytes = idBytes(id);
  if (bytes === undefined || idBytes(relay) === undefined) {
    throw fail('MIXNET_ADDRESS', {
      message: `The address ${relay}/${id} is none: relay and mailbox are 26 characters of base32 each.`,
      details: { relay, id },
    });
  }
  return { relay, id: bytes, sealTo: key === undefined ? undefined : sealingKey(id, key) };
}

export function mailboxAddress({ id, publicKey }: Identity, relay: string): MixAddress {
  return { relay, id, key: base32nopad.encode(publicKey).toLowerCase() };
}

/** A mailbox is named by the hash of its client's key: nobody can put another key beside the name. */
function sealingKey(id: string, text: string): Uint8Array {
  const key = keyBytes(text);
  const sealTo = key && identityId(key) === id.toLowerCase() ? agreementKey(key) : undefined;
  if (sealTo !== undefined) return sealTo;
  throw fail('MIXNET_ADDRESS', {
    message: `The key beside the mailbox ${id} is not its own: ask for the address again.`,
    details: { id },
  });
}

function keyBytes(text: string): Uint8Array | undefined {
  try {
    return base32nopad.decode(text.toUpperCase());
  } catch {
    return undefined;
  }
}
