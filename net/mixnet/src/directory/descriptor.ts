/** A relay's descriptor: what it must hold, how it is signed, and when an authority takes it. */
import { isIP } from 'node:net';
import {
  type Identity,
  identityId,
  type Signed,
  VRF_OUTPUT_BYTES,
  VRF_PROOF_BYTES,
  X25519_BYTES,
} from '@fog/crypto';
import type { SignDescriptor } from '../ports.ts';
import { RELAY_ROLES, type RelayDescriptor } from './documents.ts';
import {
  ascending,
  bad,
  bytes,
  checked,
  identityText,
  integer,
  list,
  literal,
  oneOf,
  type Read,
  record,
  type Shape,
  text,
} from './fields.ts';
import {
  MAX_ADDRESSES,
  MAX_COUNTER,
  MAX_DESCRIPTOR_BYTES,
  MAX_FEATURES,
  MAX_LOSS_LINKS,
  MAX_NAME_BYTES,
  MAX_RATE,
  MAX_REVEALS,
} from './limits.ts';
import {
  claimed,
  openObject,
  packSigned,
  signaturePurpose,
  signObject,
  unpackSigned,
} from './signed-object.ts';

const KIND = 'fog-relay/1';
/** Of e, e + 1 and e + 2. */
const PUBLISHED_KEYS = 3;
const KEY_BYTES = 32;

const epochKey = record({ epoch: integer(0, MAX_COUNTER), key: bytes(X25519_BYTES) });

/** Names would be resolved by whoever reads the consensus: an address is an address. */
const address = checked(
  record({ host: text(MAX_NAME_BYTES), port: integer(1, 65_535) }),
  ({ host }) => (isIP(host) === 0 ? 'must have an IP address as its host' : undefined),
);

const loss = checked(
  record({ peer: identityText, sent: integer(0, MAX_COUNTER), lost: integer(0, MAX_COUNTER) }),
  ({ sent, lost }) => (lost > sent ? 'lost more than it sent' : undefined),
);

const reveal = record({
  epoch: integer(0, MAX_COUNTER),
  output: bytes(VRF_OUTPUT_BYTES),
  proof: bytes(VRF_PROOF_BYTES),
});

export const descriptorShape: Shape<RelayDescriptor> = checked(
  record({
    kind: literal(KIND),
    id: identityText,
    identityKey: bytes(KEY_BYTES),
    epoch: integer(0, MAX_COUNTER),
    revision: integer(0, MAX_COUNTER),
    mixKeys: list(epochKey, PUBLISHED_KEYS, PUBLISHED_KEYS),
    linkKey: bytes(KEY_BYTES),
    vrfKey: bytes(KEY_BYTES),
    addresses: list(address, 1, MAX_ADDRESSES),
    roles: list(oneOf(RELAY_ROLES), 1, RELAY_ROLES.length),
    family: text(MAX_NAME_BYTES),
    region: text(MAX_NAME_BYTES),
    software: text(MAX_NAME_BYTES),
    features: list(text(MAX_NAME_BYTES), 0, MAX_FEATURES),
    declaredRate: integer(0, MAX_RATE),
    measuredRate: integer(0, MAX_RATE),
    loss: list(loss, 0, MAX_LOSS_LINKS),
    reveals: list(reveal, 0, MAX_REVEALS),
    stakeAccount: text(MAX_NAME_BYTES),
  }),
  brokenRule,
);

function brokenRule(descriptor: RelayDescriptor): string | undefined {
  const { id, identityKey, epoch, mixKeys, roles, loss: links, reveals } = descriptor;
  if (identityId(identityKey) !== id) return 'has an id that is not of its key';
  if (mixKeys.some((key, index) => key.epoch !== epoch + index)) {
    return 'must have keys of its epoch and of the two after it, in this order';
  }
  if (new Set(roles).size !== roles.length) return 'names a role twice';
  if (new Set(links.map(({ peer }) => peer)).size !== links.length) return 'reports a peer twice';
  if (!ascending(reveals, (each) => each.epoch)) return 'must reveal epochs in order';
  return undefined;
}

/** Throws nothing on its own; a descriptor out of bounds is refused by the authorities, with the reason. */
export function createSignDescriptor(identity: Identity, network: string): SignDescriptor {
  const purpose = signaturePurpose(KIND, network);
  return (descriptor) => packSigned(signObject(identity, purpose, descriptor));
}

/** A descriptor that was checked, with the bytes it came in. */
export interface OpenedDescriptor {
  readonly descriptor: RelayDescriptor;
  readonly packed: Uint8Array;
}

/** Checks signature, form and bounds. Never throws. */
export function openDescriptor(packed: Uint8Array, network: string): Read<OpenedDescriptor> {
  const unpacked = unpackSigned(packed, 'the descriptor', MAX_DESCRIPTOR_BYTES);
  if (!unpacked.ok) return unpacked;
  const key = claimedKey(unpacked.value);
  if (key === undefined) return bad('the descriptor names no identity key');
  const opened = openObject(unpacked.value, {
    what: 'the descriptor',
    key,
    purpose: signaturePurpose(KIND, network),
    shape: descriptorShape,
    maxBytes: MAX_DESCRIPTOR_BYTES,
  });
  return opened.ok ? { ok: true, value: { descriptor: opened.value, packed } } : opened;
}

/** The key is in the signed bytes themselves: it is read first, and proves itself by the signature. */
function claimedKey(signed: Signed): Uint8Array | undefined {
  const key = claimed(signed, 'identityKey');
  return key instanceof Uint8Array ? key : undefined;
}
