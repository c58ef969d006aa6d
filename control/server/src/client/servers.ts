import type { Agent } from 'node:http';
import { createPeerAgent } from '@fog/crypto/tls';
import type { FogAddress } from '@fog/wire';

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
}

export function createServers({ fogId, urls }: FogAddress): Servers {
  const peers = urls.map((url) => ({
    url,
    agent: createPeerAgent(url, fogId, { keepAlive: true }),
  }));
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
  };
}
