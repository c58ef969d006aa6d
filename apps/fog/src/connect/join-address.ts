import { formatFogAddress, readFogAddress } from '@fog/wire';

/** The addresses a fog tells as one word to paste; undefined when there are none. */
export function joinAddress(addresses: readonly string[]): string | undefined {
  if (addresses.length === 0) return undefined;
  const { address } = readFogAddress(addresses.join(','));
  return address && formatFogAddress(address);
}
