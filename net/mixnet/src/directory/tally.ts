/**
 * The tally: the document that follows from the votes. Pure; honest authorities with the same votes make the
 * same bytes. It is no Byzantine agreement: an authority that shows its vote to some only can split a round.
 */
import { vrfVerify } from '@fog/crypto';
import { geometryHash } from '@fog/sphinx';
import { type MixNetwork, epochStart } from '../network.ts';
import { CONSENSUS_KIND } from './consensus.ts';
import type { OpenedDescriptor } from './descriptor.ts';
import type { Consensus, ConsensusAuthority, RelayDescriptor } from './documents.ts';
import { flagRelays } from './flags.ts';
import { type LotteryRelay, runLottery } from './lottery.ts';
import { median } from './median.ts';
import type { NetworkParameters, OpenedHead, OpenedRelay, RelayFigures } from './vote.ts';
import { combineShares, NO_SHARED_RANDOM, vrfInput, type VrfShare } from './vrf-input.ts';

export interface TallyVote {
  readonly opened: OpenedHead;
  readonly relays: readonly OpenedRelay[];
}

export interface TallyInput {
  readonly network: MixNetwork;
  readonly epoch: number;
  readonly revision: number;
  /** The consensus it follows, and its hash as the votes must name it. */
  readonly predecessor: Consensus | undefined;
  readonly previous: Uint8Array;
  readonly draws: boolean;
  /** Of authorities that did not equivocate, for this predecessor, sorted by authority. */
  readonly votes: readonly TallyVote[];
  /** All heads seen, also those of equivocators: their VRF outputs count, as there is but one of each. */
  readonly heads: readonly OpenedHead[];
  readonly equivocators: ReadonlySet<string>;
}

/** Undefined when the votes agree on no relay: such a network would carry nothing. */
export function tally(input: TallyInput): Consensus | undefined {
  const { network, epoch, votes, predecessor } = input;
  const shares = input.draws ? sharesOf(input) : [];
  const random = randomOf(input, shares);
  const parameters = medianParameters(votes.map(({ opened }) => opened.head.parameters));
  const chosen = chooseRelays(votes, network.threshold);
  if (!chosen.some(({ running }) => running)) return undefined;
  const families = new Set(chosen.map(({ opened }) => opened.descriptor.family));
  const singleOperator = families.size === 1 && !families.has('');
  const { maxActive } = parameters;
  const relays = flagged(chosen);
  return {
    kind: CONSENSUS_KIND,
    network: network.name,
    epoch,
    revision: input.revision,
    previous: input.previous,
    epochMs: network.epochMs,
    validAfter: epochStart(network.epochMs, epoch),
    validUntil: epochStart(network.epochMs, epoch + 2),
    geometry: geometryHash(),
    ...parameters,
    pathPolicy: {
      singleOperator,
      distinctFamilies: !singleOperator,
      distinctSubnets: !singleOperator,
      distinctRegions: false,
    },
    ...random,
    threshold: network.threshold,
    authorities: authoritiesOf(input, shares, predecessor),
    relays: runLottery({ relays, singleOperator, maxActive, sharedRandom: random.sharedRandom }),
  };
}

function randomOf(
  { draws, epoch, predecessor }: TallyInput,
  shares: readonly VrfShare[],
): Pick<Consensus, 'sharedRandom' | 'previousSharedRandom'> {
  const last = predecessor?.sharedRandom ?? NO_SHARED_RANDOM;
  if (draws) {
    return { sharedRandom: combineShares(epoch, last, shares), previousSharedRandom: last };
  }
  // Of this epoch and of the one before: where both are one value, it has been carried over a failed round.
  const before = predecessor?.epoch === epoch ? predecessor.previousSharedRandom : last;
  return { sharedRandom: last, previousSharedRandom: before };
}

/** The outputs of all authorities whose proofs are good, also of equivocators. */
function sharesOf({ network, epoch, predecessor, heads }: TallyInput): VrfShare[] {
  const input = vrfInput(epoch, predecessor?.sharedRandom ?? NO_SHARED_RANDOM);
  return network.authorities.flatMap(({ id, vrfKey }) => {
    for (const { head } of heads) {
      if (head.authority !== id) continue;
      const output = vrfVerify(vrfKey, input, head.vrfProof);
      if (output !== undefined) return [{ authority: id, output }];
    }
    return [];
  });
}

function authoritiesOf(
  { network, votes, draws, equivocators }: TallyInput,
  shares: readonly VrfShare[],
  predecessor: Consensus | undefined,
): ConsensusAuthority[] {
  const sorted = network.authorities.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  return sorted.map(({ id, key }) => {
    const before = predecessor?.authorities.find((each) => each.id === id)?.absences ?? 0;
    const shared = shares.some(({ authority }) => authority === id);
    const absences = draws && !shared ? before + 1 : draws ? 0 : before;
    const voted = votes.some(({ opened }) => opened.head.authority === id);
    return { id, key, voted, absences, equivocated: equivocators.has(id) };
  });
}

interface ChosenRelay extends RelayFigures {
  readonly opened: OpenedDescriptor;
}

/** Descriptors that a threshold of votes holds byte for byte, the newest of each relay, with median figures. */
function chooseRelays(votes: readonly TallyVote[], threshold: number): ChosenRelay[] {
  const all = votes.flatMap(({ relays }) => relays);
  const byRelay = Map.groupBy(all, ({ opened }) => opened.descriptor.id);
  const chosen: ChosenRelay[] = [];
  for (const id of [...byRelay.keys()].sort()) {
    const voted = byRelay.get(id) ?? [];
    const opened = agreedDescriptor(voted, threshold);
    if (opened !== undefined) chosen.push({ opened, ...medianFigures(voted) });
  }
  return chosen;
}

function agreedDescriptor(
  voted: readonly OpenedRelay[],
  threshold: number,
): OpenedDescriptor | undefined {
  const same = Map.groupBy(voted, ({ opened }) => Buffer.from(opened.packed).toString('base64'));
  const agreed = [...same.values()]
    .filter((group) => group.length >= threshold)
    .map((group) => (group[0] as OpenedRelay).opened);
  return agreed.sort((a, b) => newest(a.descriptor, b.descriptor))[0];
}

function newest(a: RelayDescriptor, b: RelayDescriptor): number {
  return b.epoch - a.epoch || b.revision - a.revision;
}

function medianFigures(voted: readonly RelayFigures[]): RelayFigures {
  const of = (pick: (figures: RelayFigures) => number): number => median(voted.map(pick));
  return {
    reputationPpm: of(({ reputationPpm }) => reputationPpm),
    performancePpm: of(({ performancePpm }) => performancePpm),
    stakeCredits: of(({ stakeCredits }) => stakeCredits),
    upMs: of(({ upMs }) => upMs),
    running: voted.filter(({ running }) => running).length * 2 > voted.length,
  };
}

function medianParameters(voted: readonly NetworkParameters[]): NetworkParameters {
  const of = (pick: (parameters: NetworkParameters) => number): number => median(voted.map(pick));
  const means = voted[0]?.delayMeansMicros ?? [];
  return {
    delayMeansMicros: means.map((_mean, index) => of((each) => each.delayMeansMicros[index] ?? 0)),
    cover: {
      relayLoopsMilli: of(({ cover }) => cover.relayLoopsMilli),
      clientLoopsMilli: of(({ cover }) => cover.clientLoopsMilli),
      clientPayloadMilli: of(({ cover }) => cover.clientPayloadMilli),
    },
    maxActive: of(({ maxActive }) => maxActive),
  };
}

function flagged(chosen: readonly ChosenRelay[]): LotteryRelay[] {
  const flags = flagRelays(
    chosen.map(({ opened: { descriptor }, running, upMs, reputationPpm }) => ({
      descriptor,
      running,
      upMs,
      reputationPpm,
      rate: rateOf(descriptor),
    })),
  );
  return chosen.map(({ opened: { descriptor }, ...figures }) => ({
    descriptor,
    flags: flags.get(descriptor.id) ?? [],
    reputationPpm: figures.reputationPpm,
    performancePpm: figures.performancePpm,
    stakeCredits: figures.stakeCredits,
  }));
}

/** What a relay measured where it has measured anything, but never more than it offers. */
export function rateOf({ declaredRate, measuredRate }: RelayDescriptor): number {
  return measuredRate === 0 ? declaredRate : Math.min(declaredRate, measuredRate);
}
