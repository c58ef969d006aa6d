import { fail } from '../errors.ts';
import { idBytes } from '../ids.ts';
import type { MixAddress } from './mix-client-api.ts';

/** The mailbox or service in bytes. Throws MIXNET_ADDRESS. */
export function destinationId({ relay, id }: MixAddress): Uint8Array {
  const bytes = idBytes(id);
  if (bytes !== undefined && idBytes(relay) !== undefined) return bytes;
  throw fail('MIXNET_ADDRESS', {
    message: `The address ${relay}/${id} is none: relay and mailbox are 26 characters of base32 each.`,
    details: { relay, id },
  });
}
