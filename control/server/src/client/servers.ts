import type { Agent } from 'node:http';
import { createPeerAgent } from '@fog/crypto/tls';
import { isFogError } from '@fog/kernel';
import { type FogAddress, MAX_ADDRESSES, readFogAddress } from '@fog/wire';

export interface ServerPeer {
  readonly url: URL;
  /** Hands out connections on which the peer has proven to be the fog. */
  readonly agent: Agent;
}

/** The addresses of one fog; calls go to one of them until it fails. */
export interface Servers {
  readonly current: ServerPeer;
  readonly size: number;
  /** Goes on to the next address, unless another call has left `failed` already. */
  leave(failed: ServerPeer): void;
  /** Goes to the coordinator that an answer names as the one to ask; false when the error names none of this fog. */
  follow(error: unknown): boolean;
}

export function createServers({ fogId, urls }: FogAddress): Servers {
  const create = (url: URL): ServerPeer => ({
    url,
    agent: createPeerAgent(url, fogId, { keepAlive: true }),
  });
  const peers = urls.map(create);
  let index = 0;
  return {
    get current() {
      return peers[index] as ServerPeer;
    },
    get size() {
      return peers.length;
    },
    leave: (failed) => {
      if (failed === peers[index]) index = (index + 1) % peers.length;
    },
    follow: (error) => {
      const url = leaderUrl(error, fogId);
      // A fog that is reached by TLS cannot lead its clients out of it.
      if (url === undefined || url.protocol !== peers[index]?.url.protocol) return false;
      const known = peers.findIndex((peer) => peer.url.host === url.host);
      if (known === index || (known === -1 && peers.length >= MAX_ADDRESSES)) return false;
      index = known === -1 ? peers.push(create(url)) - 1 : known;
      return true;
    },
  };
}

/** `details.leader` of a problem is the address of the coordinator that takes such calls. */
function leaderUrl(error: unknown, fogId: string | undefined): URL | undefined {
  if (!isFogError(error) || typeof error.details['leader'] !== 'string') return undefined;
  const { address } = readFogAddress(error.details['leader']);
  return address?.fogId === undefined || address.fogId === fogId ? address?.urls[0] : undefined;
}
