/** What a reader demands of a consensus before it believes a word of it. */
import { sameBytes, verifyBytes } from '@fog/crypto';
import { geometryHash } from '@fog/sphinx';
import type { MixNetwork } from '../network.ts';
import {
  consensusPurpose,
  consensusShape,
  decodeSignedConsensus,
  documentHash,
} from './consensus.ts';
import type { Consensus, SignedConsensus, VerifiedConsensus } from './documents.ts';
import { MAX_CONSENSUS_BYTES, SKEW_TOLERANCE_MS } from './limits.ts';
import { readCanonical } from './signed-object.ts';

export type ConsensusRefusal =
  | 'malformed'
  | 'wrong-network'
  | 'too-few-signatures'
  | 'wrong-geometry'
  | 'stale'
  | 'early'
  | 'wrong-predecessor'
  | 'forked';

/** A checked consensus and the bytes it came in, to be cached and served on. */
export interface OpenedConsensus extends VerifiedConsensus {
  readonly signed: SignedConsensus;
}

export type ConsensusVerdict =
  | { readonly ok: true; readonly opened: OpenedConsensus }
  | { readonly ok: false; readonly refusal: ConsensusRefusal; readonly reason: string };

/**
 * Checks signatures by the configured keys first, over the received bytes; then form, network and geometry.
 * Whether it is fresh and follows what the reader holds are questions of their own. Never throws.
 */
export function openConsensus(input: Uint8Array, network: MixNetwork): ConsensusVerdict {
  const decoded = decodeSignedConsensus(input);
  if (!decoded.ok) return refuse('malformed', decoded.reason);
  return openSignedConsensus(decoded.value, network);
}

export function openSignedConsensus(
  signed: SignedConsensus,
  network: MixNetwork,
): ConsensusVerdict {
  const signers = goodSigners(signed, network);
  if (signers.length < network.threshold) {
    return refuse(
      'too-few-signatures',
      `it has ${signers.length} good signatures of configured authorities and needs ${network.threshold}`,
    );
  }
  const read = readCanonical(signed.document, 'the consensus', consensusShape, MAX_CONSENSUS_BYTES);
  if (!read.ok) return refuse('malformed', read.reason);
  const consensus = read.value;
  if (consensus.network !== network.name || consensus.epochMs !== network.epochMs) {
    return refuse('wrong-network', 'it is of another network');
  }
  if (!sameBytes(consensus.geometry, geometryHash())) {
    return refuse('wrong-geometry', 'its packets have other sizes: use the same version of Fog');
  }
  const relays = new Map(consensus.relays.map((relay) => [relay.descriptor.id, relay]));
  const hash = documentHash(signed.document);
  return { ok: true, opened: { consensus, hash, signers, relays, signed } };
}

function goodSigners({ document, signatures }: SignedConsensus, network: MixNetwork): string[] {
  const purpose = consensusPurpose(network.name);
  return signatures.flatMap(({ authority, signature }) => {
    const contact = network.authorities.find(({ id }) => id === authority);
    if (contact === undefined) return [];
    return verifyBytes(contact.key, purpose, { bytes: document, signature }) ? [authority] : [];
  });
}

/** What clocks may be off by in a network of such epochs. */
export function skewTolerance(epochMs: number): number {
  return Math.min(SKEW_TOLERANCE_MS, Math.floor(epochMs / 40));
}

/** Whether it may be used now, by a clock that may be off. */
export function isInForce(consensus: Consensus, nowMs: number): boolean {
  const early = consensus.validAfter - skewTolerance(consensus.epochMs);
  return nowMs >= early && !isExpired(consensus, nowMs);
}

export function isExpired({ validUntil, epochMs }: Consensus, nowMs: number): boolean {
  return nowMs >= validUntil + skewTolerance(epochMs);
}

export function isNewer(a: Consensus, b: Consensus): boolean {
  return a.epoch === b.epoch ? a.revision > b.revision : a.epoch > b.epoch;
}

/** Whether `next` can follow `held`, which is older and not expired; else why not. */
export function brokenSuccession(next: Consensus, held: VerifiedConsensus): string | undefined {
  const last = held.consensus;
  const kept =
    sameBytes(next.sharedRandom, last.sharedRandom) &&
    sameBytes(next.previousSharedRandom, last.previousSharedRandom);
  if (next.epoch === last.epoch) {
    if (!kept) return 'it changes the shared random value within an epoch';
    const adjacent = next.revision === last.revision + 1;
    return adjacent && !sameBytes(next.previous, held.hash)
      ? 'it names another predecessor than the one held'
      : undefined;
  }
  if (next.epoch > last.epoch + 1) return undefined;
  return kept || sameBytes(next.previousSharedRandom, last.sharedRandom)
    ? undefined
    : 'its shared random value does not follow from the one held';
}

export function refuse(
  refusal: ConsensusRefusal,
  reason: string,
): Extract<ConsensusVerdict, { ok: false }> {
  return { ok: false, refusal, reason };
}
