/** Everything the parts of one authority share. */
import type { Clock, Logger } from '@fog/kernel';
import type { MixNetwork } from '../network.ts';
import type { MixMetrics } from '../ports.ts';
import type { AuthorityKeys } from './authority-keys.ts';
import type { AuthorityPeers } from './authority-peers.ts';
import type { DescriptorStore } from './descriptor-store.ts';
import type { EvidenceBook } from './evidence.ts';
import type { RelayStanding } from './figures.ts';
import type { HeldConsensuses } from './held-consensuses.ts';
import type { Reveals } from './reveals.ts';
import type { RoundBook, RoundName } from './round.ts';
import type { NetworkParameters } from './vote.ts';

/** How long immediate rounds take their time; the grid's phases are eighths of an epoch. */
export interface RoundTiming {
  /** Descriptors must have stopped coming for so long. */
  readonly quietMs: number;
  /** Or so long must have passed. */
  readonly gatherMs: number;
  /** Of one phase, when not all are heard before. */
  readonly phaseMs: number;
  /** Between immediate rounds; doubles with each in one epoch. */
  readonly gapMs: number;
}

export interface AuthorityWorld {
  readonly network: MixNetwork;
  readonly keys: AuthorityKeys;
  readonly timing: RoundTiming;
  readonly parameters: NetworkParameters;
  readonly standing: RelayStanding;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: MixMetrics;
  readonly store: DescriptorStore;
  readonly held: HeldConsensuses;
  readonly book: RoundBook;
  readonly evidence: EvidenceBook;
  readonly reveals: Reveals;
  readonly peers: AuthorityPeers;
  readonly voted: VotedRounds;
  /** Resolves when all of the above that must outlive the process is on the disk. */
  save(): Promise<void>;
}

/** The highest revision voted in, of each epoch. */
export interface VotedRounds {
  revision(epoch: number): number;
  mark(name: RoundName): void;
  all(): RoundName[];
}

/** Rounds concern the present epoch and its neighbours. */
const KEPT_EPOCHS = 4;

export function createVotedRounds(stored: readonly RoundName[]): VotedRounds {
  const highest = new Map(stored.map(({ epoch, revision }) => [epoch, revision]));
  return {
    revision: (epoch) => highest.get(epoch) ?? 0,
    mark: ({ epoch, revision }) => {
      highest.set(epoch, Math.max(revision, highest.get(epoch) ?? 0));
      for (const each of highest.keys()) if (each < epoch - KEPT_EPOCHS) highest.delete(each);
    },
    all: () => [...highest].map(([epoch, revision]) => ({ epoch, revision })),
  };
}
