/** Relays that only publish. */
import { blake2b, type Identity, identityFromSeed, vrfKeyFromSeed } from '@fog/crypto';
import { utf8 } from '@fog/kernel';
import { createSignDescriptor } from '../../src/directory/descriptor.ts';
import type { RelayDescriptor } from '../../src/directory/documents.ts';

export interface TestRelay {
  readonly identity: Identity;
  /** Counted up by a restart that lost its keys. */
  restarts: number;
  changes: Partial<RelayDescriptor>;
  descriptor(epoch: number): RelayDescriptor;
  packed(network: string, epoch: number): Uint8Array;
}

function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array(32);
  blake2b(bytes, utf8(text));
  return bytes;
}

/** The first four are gateways. */
export function testRelay(index: number, changes: Partial<RelayDescriptor> = {}): TestRelay {
  const identity = identityFromSeed(bytesOf(`relay ${index}`));
  const vrf = vrfKeyFromSeed(bytesOf(`vrf ${index}`));
  const relay: TestRelay = {
    identity,
    restarts: 0,
    changes,
    descriptor: (epoch) => ({
      kind: 'fog-relay/1',
      id: identity.id,
      identityKey: identity.publicKey,
      epoch,
      revision: relay.restarts,
      mixKeys: [0, 1, 2].map((step) => ({
        epoch: epoch + step,
        key: bytesOf(`mix ${index} ${epoch + step} ${relay.restarts}`),
      })),
      linkKey: bytesOf(`link ${index}`),
      vrfKey: vrf.publicKey,
      addresses: [{ host: '127.0.0.1', port: 7_710 + index }],
      roles: index < 4 ? ['mix', 'gateway'] : ['mix'],
      family: 'one',
      region: '',
      software: 'fog/test',
      features: [],
      declaredRate: 1_000,
      measuredRate: 0,
      loss: [],
      reveals: [],
      stakeAccount: '',
      ...relay.changes,
    }),
    packed: (network, epoch) => createSignDescriptor(identity, network)(relay.descriptor(epoch)),
  };
  return relay;
}
