/** The consensus and its detached signatures: form, bounds and encoding. */
import { blake2b, type CanonicalValue, encodeCanonical } from '@fog/crypto';
import { MAX_DELAY_CLASS } from '@fog/sphinx';
import { descriptorShape } from './descriptor.ts';
import { type Consensus, RELAY_FLAGS, type SignedConsensus } from './documents.ts';
import {
  ascending,
  bytes,
  checked,
  flag,
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
  MAX_ACTIVE,
  MAX_AUTHORITIES,
  MAX_CONSENSUS_BYTES,
  MAX_COUNTER,
  MAX_EPOCH_MS,
  MAX_NAME_BYTES,
  MAX_RELAYS,
  MAX_STAKE_CREDITS,
  MAX_TIME_MS,
  MIN_EPOCH_MS,
} from './limits.ts';
import { readUnsigned, SIGNATURE_BYTES, signaturePurpose } from './signed-object.ts';

export const CONSENSUS_KIND = 'fog-consensus/1';
export const HASH_BYTES = 32;
export const NO_HASH: Uint8Array = new Uint8Array(HASH_BYTES);
/** One whole, in parts per million. */
export const PPM = 1_000_000;
/** Ten minutes: a longer mean would outlive the keys. */
const MAX_MEAN_MICROS = 600_000_000;
/** A thousand a second. */
const MAX_COVER_MILLI = 1_000_000;

export const coverShape = record({
  relayLoopsMilli: integer(0, MAX_COVER_MILLI),
  clientLoopsMilli: integer(0, MAX_COVER_MILLI),
  clientPayloadMilli: integer(0, MAX_COVER_MILLI),
});

export const delayMeansShape: Shape<readonly number[]> = list(
  integer(0, MAX_MEAN_MICROS),
  MAX_DELAY_CLASS + 1,
  MAX_DELAY_CLASS + 1,
);

const pathPolicy = record({
  singleOperator: flag,
  distinctFamilies: flag,
  distinctSubnets: flag,
  distinctRegions: flag,
});

const authority = record({
  id: identityText,
  key: bytes(HASH_BYTES),
  voted: flag,
  absences: integer(0, MAX_COUNTER),
  equivocated: flag,
});

const relay = record({
  descriptor: descriptorShape,
  flags: list(oneOf(RELAY_FLAGS), 0, RELAY_FLAGS.length),
  reputationPpm: integer(0, PPM),
  performancePpm: integer(0, PPM),
  stakeCredits: integer(0, MAX_STAKE_CREDITS),
  weightPpm: integer(0, PPM),
  active: flag,
});

export const consensusShape: Shape<Consensus> = checked(
  record({
    kind: literal(CONSENSUS_KIND),
    network: text(MAX_NAME_BYTES),
    epoch: integer(0, MAX_COUNTER),
    revision: integer(1, MAX_COUNTER),
    previous: bytes(HASH_BYTES),
    epochMs: integer(MIN_EPOCH_MS, MAX_EPOCH_MS),
    validAfter: integer(0, MAX_TIME_MS),
    validUntil: integer(0, MAX_TIME_MS),
    geometry: bytes(HASH_BYTES),
    delayMeansMicros: delayMeansShape,
    cover: coverShape,
    pathPolicy,
    sharedRandom: bytes(HASH_BYTES),
    previousSharedRandom: bytes(HASH_BYTES),
    maxActive: integer(1, MAX_ACTIVE),
    threshold: integer(1, MAX_AUTHORITIES),
    authorities: list(authority, 1, MAX_AUTHORITIES),
    relays: list(relay, 1, MAX_RELAYS),
  }),
  brokenRule,
);

function brokenRule(consensus: Consensus): string | undefined {
  const { authorities, epoch, epochMs, relays, validAfter, validUntil } = consensus;
  if (!ascending(authorities, ({ id }) => id)) return 'must list its authorities in order';
  if (!ascending(relays, ({ descriptor }) => descriptor.id)) return 'must list its relays in order';
  if (validAfter !== epoch * epochMs || validUntil !== (epoch + 2) * epochMs) {
    return 'has times that are not of its epoch';
  }
  return undefined;
}

const signedConsensusShape: Shape<SignedConsensus> = checked(
  record({
    document: bytes(1, MAX_CONSENSUS_BYTES),
    signatures: list(
      record({ authority: identityText, signature: bytes(SIGNATURE_BYTES) }),
      1,
      MAX_AUTHORITIES,
    ),
  }),
  ({ signatures }) =>
    ascending(signatures, ({ authority: id }) => id)
      ? undefined
      : 'must list its signatures in order, one of each authority',
);

export function consensusPurpose(network: string): string {
  return signaturePurpose(CONSENSUS_KIND, network);
}

export function encodeConsensus(consensus: Consensus): Uint8Array {
  return encodeCanonical(consensus as unknown as CanonicalValue);
}

export function encodeSignedConsensus(signed: SignedConsensus): Uint8Array {
  return encodeCanonical(signed as unknown as CanonicalValue);
}

/** Form alone; `openConsensus` checks the signatures. Never throws. */
export function decodeSignedConsensus(input: Uint8Array): Read<SignedConsensus> {
  return readUnsigned(input, 'the signed consensus', signedConsensusShape, MAX_CONSENSUS_BYTES);
}

/** BLAKE2b-256 of a document's bytes: its name in its successor, in votes and in evidence. */
export function documentHash(document: Uint8Array): Uint8Array {
  const hash = new Uint8Array(HASH_BYTES);
  blake2b(hash, document);
  return hash;
}
