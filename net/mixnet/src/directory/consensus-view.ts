/** What a member believes: takes documents, refuses forged, stale and forked ones, says which is in force. */
import { sameBytes } from '@fog/crypto';
import { type MixNetwork } from '../network.ts';
import { type CachedConsensuses, type Fork } from './consensus-cache.ts';
import { encodeSignedConsensus } from './consensus.ts';
import { createHeldConsensuses } from './held-consensuses.ts';
import {
  brokenSuccession,
  type ConsensusVerdict,
  isExpired,
  openConsensus,
  type OpenedConsensus,
  refuse,
} from './open-consensus.ts';

export interface ConsensusView {
  /** Never throws. A good one that is known already is good again. */
  take(input: Uint8Array, nowMs: number): ConsensusVerdict;
  inForce(nowMs: number): OpenedConsensus | undefined;
  pending(nowMs: number): OpenedConsensus | undefined;
  /** The newest older than this one. */
  before(opened: OpenedConsensus): OpenedConsensus | undefined;
  forks(): readonly Fork[];
  cached(): CachedConsensuses;
  restore(cached: CachedConsensuses, nowMs: number): void;
}

export function createConsensusView(network: MixNetwork): ConsensusView {
  const held = createHeldConsensuses();
  const forked = new Set<string>();
  let forks: Fork[] = [];

  const fork = (one: OpenedConsensus, other: Uint8Array): ConsensusVerdict => {
    forked.add(nameOf(one));
    held.remove(one);
    forks = [...forks, { first: encodeSignedConsensus(one.signed), second: other }];
    return forkRefusal(one);
  };

  const take = (input: Uint8Array, nowMs: number): ConsensusVerdict => {
    const verdict = openConsensus(input, network);
    if (!verdict.ok) return verdict;
    const { opened } = verdict;
    const { epoch, revision, validAfter } = opened.consensus;
    if (forked.has(nameOf(opened))) return forkRefusal(opened);
    const same = held.find(epoch, revision);
    if (same !== undefined) {
      if (!sameBytes(same.hash, opened.hash)) return fork(same, input);
      if (opened.signers.length > same.signers.length) held.replace(opened);
      return verdict;
    }
    if (isExpired(opened.consensus, nowMs)) {
      return refuse('stale', `it was good for epoch ${epoch}, which is long over`);
    }
    if (validAfter > nowMs + 2 * network.epochMs) {
      return refuse('early', `it is for epoch ${epoch}, which has not come near`);
    }
    const before = held.before(epoch, revision);
    if (before !== undefined && !isExpired(before.consensus, nowMs)) {
      const broken = brokenSuccession(opened.consensus, before);
      if (broken !== undefined) return refuse('wrong-predecessor', broken);
    }
    held.add(opened);
    return verdict;
  };

  return {
    take,
    inForce: (nowMs) => held.inForce(nowMs),
    pending: (nowMs) => held.pending(nowMs),
    before: ({ consensus }) => held.before(consensus.epoch, consensus.revision),
    forks: () => forks,
    cached: () => ({
      consensuses: held.all().map((each) => encodeSignedConsensus(each.signed)),
      forks,
    }),
    restore: (cached, nowMs) => {
      for (const { first, second } of cached.forks) {
        take(first, nowMs);
        take(second, nowMs);
      }
      for (const each of cached.consensuses.toReversed()) take(each, nowMs);
    },
  };
}

function nameOf({ consensus }: OpenedConsensus): string {
  return `${consensus.epoch}.${consensus.revision}`;
}

function forkRefusal(opened: OpenedConsensus): ConsensusVerdict {
  return refuse(
    'forked',
    `authorities signed two consensuses ${nameOf(opened)}: neither is believed, and both are kept as evidence`,
  );
}
