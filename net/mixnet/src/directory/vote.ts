/**
 * Votes. The signed head holds the hash of the relays, so that two heads of one round prove an equivocation
 * in a kilobyte; the relays travel beside it.
 */
import {
  type CanonicalValue,
  encodeCanonical,
  type Identity,
  type Signed,
  VRF_PROOF_BYTES,
} from '@fog/crypto';
import { hasMoreItems } from './cbor-items.ts';
import { coverShape, delayMeansShape, documentHash, HASH_BYTES, PPM } from './consensus.ts';
import { type OpenedDescriptor, openDescriptor } from './descriptor.ts';
import type { CoverRates } from './documents.ts';
import {
  ascending,
  bad,
  bytes,
  checked,
  flag,
  good,
  identityText,
  integer,
  list,
  literal,
  type Read,
  record,
  type Shape,
  text,
} from './fields.ts';
import {
  MAX_ACTIVE,
  MAX_COUNTER,
  MAX_DESCRIPTOR_BYTES,
  MAX_HEAD_BYTES,
  MAX_NAME_BYTES,
  MAX_RELAYS,
  MAX_STAKE_CREDITS,
  MAX_TIME_MS,
  MAX_VOTE_BYTES,
  MAX_VOTE_ITEMS,
} from './limits.ts';
import {
  openObject,
  readCanonical,
  readUnsigned,
  signaturePurpose,
  signedShape,
  signObject,
} from './signed-object.ts';

export const VOTE_KIND = 'fog-vote/1';

/** What each authority would have the network use; the medians hold. */
export interface NetworkParameters {
  readonly delayMeansMicros: readonly number[];
  readonly cover: CoverRates;
  readonly maxActive: number;
}

export interface VoteHead {
  readonly kind: typeof VOTE_KIND;
  readonly network: string;
  readonly authority: string;
  readonly epoch: number;
  readonly revision: number;
  /** Hash of the consensus it would follow; zeros when there is none. */
  readonly previous: Uint8Array;
  /** Whether the round draws a new shared value. Rounds within the life of a value keep it. */
  readonly draws: boolean;
  /** Over `vrfInput(epoch, value of the predecessor)`; empty in a round that draws none. */
  readonly vrfProof: Uint8Array;
  readonly parameters: NetworkParameters;
  /** BLAKE2b-256 of the relays' bytes. */
  readonly relaysHash: Uint8Array;
}

/** One authority's own figures of one relay. */
export interface RelayFigures {
  readonly reputationPpm: number;
  readonly performancePpm: number;
  readonly stakeCredits: number;
  /** How long it has been seen without a gap. */
  readonly upMs: number;
  readonly running: boolean;
}

export interface VotedRelay extends RelayFigures {
  /** As `createSignDescriptor` packs it. */
  readonly descriptor: Uint8Array;
}

/** A head that was checked, and how it travelled. */
export interface OpenedHead {
  readonly head: VoteHead;
  readonly signed: Signed;
}

/** A voted relay whose descriptor was checked. */
export interface OpenedRelay extends RelayFigures {
  readonly opened: OpenedDescriptor;
}

const headShape: Shape<VoteHead> = checked(
  record({
    kind: literal(VOTE_KIND),
    network: text(MAX_NAME_BYTES),
    authority: identityText,
    epoch: integer(0, MAX_COUNTER),
    revision: integer(1, MAX_COUNTER),
    previous: bytes(HASH_BYTES),
    draws: flag,
    vrfProof: bytes(0, VRF_PROOF_BYTES),
    parameters: record({
      delayMeansMicros: delayMeansShape,
      cover: coverShape,
      maxActive: integer(1, MAX_ACTIVE),
    }),
    relaysHash: bytes(HASH_BYTES),
  }),
  ({ draws, vrfProof }) =>
    vrfProof.length === (draws ? VRF_PROOF_BYTES : 0)
      ? undefined
      : 'must have a VRF proof when its round draws, and none otherwise',
);

const votedRelays: Shape<readonly VotedRelay[]> = list(
  record({
    descriptor: bytes(1, MAX_DESCRIPTOR_BYTES * 2),
    reputationPpm: integer(0, PPM),
    performancePpm: integer(0, PPM),
    stakeCredits: integer(0, MAX_STAKE_CREDITS),
    upMs: integer(0, MAX_TIME_MS),
    running: flag,
  }),
  0,
  MAX_RELAYS,
);

const postedVote = record({ head: signedShape(MAX_HEAD_BYTES), relays: bytes(1, MAX_VOTE_BYTES) });

export interface PostedVote {
  readonly head: Signed;
  readonly relays: Uint8Array;
}

export function encodeVotedRelays(relays: readonly VotedRelay[]): Uint8Array {
  return encodeCanonical(relays as unknown as CanonicalValue);
}

export function signVoteHead(identity: Identity, head: VoteHead): OpenedHead {
  return { head, signed: signObject(identity, signaturePurpose(VOTE_KIND, head.network), head) };
}

export function encodePostedVote({ head, relays }: PostedVote): Uint8Array {
  return encodeCanonical({ head: { ...head }, relays });
}

/** Form alone. Never throws. */
export function decodePostedVote(input: Uint8Array): Read<PostedVote> {
  return readUnsigned(input, 'the vote', postedVote, MAX_VOTE_BYTES + 2 * MAX_HEAD_BYTES);
}

/** Never throws. */
export function openVoteHead(
  signed: Signed,
  author: { readonly id: string; readonly key: Uint8Array },
  network: string,
): Read<OpenedHead> {
  const opened = openObject(signed, {
    what: 'the vote',
    key: author.key,
    purpose: signaturePurpose(VOTE_KIND, network),
    shape: headShape,
    maxBytes: MAX_HEAD_BYTES,
  });
  if (!opened.ok) return opened;
  const head = opened.value;
  if (head.network !== network) return bad('the vote is of another network');
  if (head.authority !== author.id) return bad('the vote names another authority than its signer');
  return good({ head, signed });
}

/** Checks every descriptor of a vote, by `open` where it has known ones already. Never throws. */
export function openVotedRelays(
  relays: Uint8Array,
  network: string,
  open: (packed: Uint8Array, network: string) => Read<OpenedDescriptor> = openDescriptor,
): Read<readonly OpenedRelay[]> {
  if (hasMoreItems(relays, MAX_VOTE_ITEMS)) {
    return bad(`the vote's relays have more than ${MAX_VOTE_ITEMS} items`);
  }
  const read = readCanonical(relays, "the vote's relays", votedRelays, MAX_VOTE_BYTES);
  if (!read.ok) return read;
  const result: OpenedRelay[] = [];
  for (const { descriptor, ...figures } of read.value) {
    const opened = open(descriptor, network);
    if (!opened.ok) return bad(`the vote holds a bad descriptor: ${opened.reason}`);
    result.push({ ...figures, opened: opened.value });
  }
  if (!ascending(result, ({ opened }) => opened.descriptor.id)) {
    return bad('the vote must list its relays in order, each once');
  }
  return good(result);
}

export function relaysHash(relays: Uint8Array): Uint8Array {
  return documentHash(relays);
}
