/** One name for a whole network file: who shares it says whom it believes. */
import { encodeCanonical } from '@fog/crypto';
import type { MixNetwork } from '../network.ts';
import { documentHash } from './consensus.ts';
import { toHex } from './hex.ts';

/** BLAKE2b-256 of the canonical CBOR of all that is in it, authorities by id, in hex. */
export function networkDigest({ name, epochMs, threshold, authorities }: MixNetwork): string {
  const sorted = authorities
    .map(({ id, key, vrfKey, url }) => ({ id, key, vrfKey, url }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const content = { kind: 'fog-network/1', name, epochMs, threshold, authorities: sorted };
  return toHex(documentHash(encodeCanonical(content)));
}
