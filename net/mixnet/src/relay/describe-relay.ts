/** A relay's descriptor, from what it was told and what it has. */
import type { VrfKey } from '@fog/crypto';
import type { EpochKey, LinkLoss, RelayDescriptor, VrfReveal } from '../directory/documents.ts';
import { MAX_LOSS_LINKS } from '../directory/limits.ts';
import { vrfInput } from '../directory/vrf-input.ts';
import { fail } from '../errors.ts';
import type { KeyRing } from './key-ring.ts';
import type { UsedValue } from './relay-memory.ts';
import type { RelayOptions } from './relay-ports.ts';

export interface DescriptionParts {
  readonly keys: KeyRing;
  readonly vrf: VrfKey;
  readonly linkKey: Uint8Array;
  readonly port: number;
  readonly revision: number;
  readonly measuredRate: number;
  readonly loss: readonly LinkLoss[];
  /** Values of past epochs. */
  readonly used: readonly UsedValue[];
}

export function describeRelay(options: RelayOptions, parts: DescriptionParts): RelayDescriptor {
  const { identity, listen, addresses = [], features = [], stakeAccount = '' } = options;
  const { keys, vrf, linkKey, port, revision, measuredRate } = parts;
  const here = { host: listen.host, port };
  return {
    kind: 'fog-relay/1',
    id: identity.id,
    identityKey: identity.publicKey,
    epoch: keys.epoch,
    revision,
    mixKeys: [0, 1, 2].map((ahead) => publishedKey(keys, keys.epoch + ahead)),
    linkKey,
    vrfKey: vrf.publicKey,
    addresses: addresses.length > 0 ? addresses : [here],
    roles: options.roles,
    family: options.family,
    region: options.region,
    software: options.software,
    features,
    declaredRate: options.declaredRate,
    measuredRate,
    loss: mostUsed(parts.loss),
    reveals: reveals(parts),
    stakeAccount,
  };
}

function publishedKey(keys: KeyRing, epoch: number): EpochKey {
  const key = keys.publicKey(epoch);
  if (key === undefined) {
    throw fail('MIXNET_KEY_PLACE', {
      message: `There is no mix key of epoch ${epoch} to publish.`,
    });
  }
  return { epoch, key };
}

function mostUsed(loss: readonly LinkLoss[]): LinkLoss[] {
  return loss.toSorted((a, b) => b.sent - a.sent).slice(0, MAX_LOSS_LINKS);
}

/** Only of keys that are erased: before that, a reveal would tell everyone the delays of packets under way. */
function reveals({ keys, vrf, used }: DescriptionParts): VrfReveal[] {
  const held = new Set(keys.held.map(({ epoch }) => epoch));
  return used
    .filter(({ epoch }) => !held.has(epoch))
    .map(({ epoch, sharedRandom }) => ({ epoch, ...vrf.prove(vrfInput(epoch, sharedRandom)) }));
}
