/** A directory of the members it is told, for relays of the benchmark. */
import type { Consensus, Directory, VerifiedConsensus } from '@fog/mixnet';
import { geometryHash } from '@fog/sphinx';
import { epochAt } from '@fog/mixnet';
import type { Member } from './messages.ts';

const NOTHING = new Uint8Array(32);

export class MemberDirectory implements Directory {
  readonly #epochMs: number;
  readonly #listeners = new Set<(consensus: VerifiedConsensus) => void>();
  #consensus: VerifiedConsensus;

  constructor(members: readonly Member[], epochMs: number) {
    this.#epochMs = epochMs;
    this.#consensus = consensusOf(members, epochMs);
  }

  update(members: readonly Member[]): void {
    this.#consensus = consensusOf(members, this.#epochMs);
    for (const tell of this.#listeners) tell(this.#consensus);
  }

  current(): VerifiedConsensus {
    return this.#consensus;
  }

  previous(): undefined {
    return undefined;
  }

  ready(): Promise<VerifiedConsensus> {
    return Promise.resolve(this.#consensus);
  }

  onConsensus(listener: (consensus: VerifiedConsensus) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  publish(): Promise<void> {
    return Promise.resolve();
  }
}

function consensusOf(members: readonly Member[], epochMs: number): VerifiedConsensus {
  const epoch = epochAt(epochMs, Date.now());
  const relays = members.map(({ id, linkKey, port }) => ({
    descriptor: {
      kind: 'fog-relay/1' as const,
      id,
      identityKey: NOTHING,
      epoch,
      revision: 0,
      mixKeys: [],
      linkKey,
      vrfKey: NOTHING,
      addresses: [{ host: '127.0.0.1', port }],
      roles: ['mix' as const],
      family: '',
      region: '',
      software: 'bench',
      features: [],
      declaredRate: 25_000,
      measuredRate: 0,
      loss: [],
      reveals: [],
      stakeAccount: '',
    },
    flags: ['Running' as const],
    reputationPpm: 0,
    performancePpm: 0,
    stakeCredits: 0,
    weightPpm: 1,
    active: true,
  }));
  const consensus: Consensus = {
    kind: 'fog-consensus/1',
    network: 'bench',
    epoch,
    revision: 0,
    previous: NOTHING,
    epochMs,
    validAfter: epoch * epochMs,
    validUntil: (epoch + 2) * epochMs,
    geometry: geometryHash(),
    delayMeansMicros: [0, 5_000, 20_000, 100_000, 1_000_000],
    cover: { relayLoopsMilli: 0, clientLoopsMilli: 0, clientPayloadMilli: 0 },
    pathPolicy: {
      singleOperator: true,
      distinctFamilies: false,
      distinctSubnets: false,
      distinctRegions: false,
    },
    sharedRandom: NOTHING,
    previousSharedRandom: NOTHING,
    maxActive: members.length,
    threshold: 1,
    authorities: [],
    relays,
  };
  const named = new Map(relays.map((relay) => [relay.descriptor.id, relay]));
  return { consensus, hash: NOTHING, signers: [], relays: named };
}
