/** Who may be at the other end of a link, by the current and the previous consensus. */
import { sameBytes } from '@fog/crypto';
import type { ConsensusRelay, VerifiedConsensus } from '../directory/documents.ts';
import type { Directory } from '../ports.ts';
import type { LinkDirectory } from './link-ports.ts';

export function createLinkDirectory(
  directory: Pick<Directory, 'current' | 'previous' | 'onConsensus'>,
): LinkDirectory {
  const byKey = new WeakMap<VerifiedConsensus, ReadonlySet<string>>();
  const documents = (): VerifiedConsensus[] =>
    [directory.current(), directory.previous()].filter((document) => document !== undefined);
  const keysOf = (document: VerifiedConsensus): ReadonlySet<string> => {
    const known = byKey.get(document) ?? indexKeys(document);
    byKey.set(document, known);
    return known;
  };
  const namesOf = (relay: string): ConsensusRelay[] =>
    documents().flatMap((document) => document.relays.get(relay) ?? []);
  return {
    isLinkKey: (key) => {
      const name = keyName(key);
      return documents().some((document) => keysOf(document).has(name));
    },
    isLinkKeyOf: (relay, key) =>
      namesOf(relay).some(({ descriptor }) => sameBytes(descriptor.linkKey, key)),
    addressesOf: (relay) => namesOf(relay)[0]?.descriptor.addresses ?? [],
    onChange: (listener) => directory.onConsensus(() => listener()),
  };
}

function indexKeys(document: VerifiedConsensus): ReadonlySet<string> {
  return new Set(
    [...document.relays.values()].map(({ descriptor }) => keyName(descriptor.linkKey)),
  );
}

function keyName(key: Uint8Array): string {
  return Buffer.from(key).toString('base64');
}
