/** The two keys of an authority, made from the one seed in its key file. */
import {
  deriveKey,
  type Identity,
  identityFromSeed,
  VRF_SEED_BYTES,
  type VrfKey,
  vrfKeyFromSeed,
} from '@fog/crypto';
import { utf8 } from '@fog/kernel';
import type { AuthorityContact } from '../network.ts';

export interface AuthorityKeys {
  readonly identity: Identity;
  readonly vrf: VrfKey;
}

const VRF_SUBKEY = 1;
const VRF_CONTEXT = utf8('fog-dirv');

/** `seed` has 32 bytes. The VRF has a key of its own: its nonces must never meet those of signatures. */
export function authorityKeys(seed: Uint8Array): AuthorityKeys {
  const vrfSeed = new Uint8Array(VRF_SEED_BYTES);
  deriveKey(vrfSeed, VRF_SUBKEY, VRF_CONTEXT, seed);
  const vrf = vrfKeyFromSeed(vrfSeed);
  vrfSeed.fill(0);
  return { identity: identityFromSeed(seed), vrf };
}

/** What the other members are told of it. */
export function authorityContact({ identity, vrf }: AuthorityKeys, url: string): AuthorityContact {
  return { id: identity.id, key: identity.publicKey, vrfKey: vrf.publicKey, url };
}
