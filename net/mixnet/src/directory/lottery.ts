/**
 * The relay lottery. Its only input is the consensus document, its only chance the shared random value: any
 * reader draws the same relays. Integers throughout.
 */
import { blake2b, chacha20 } from '@fog/crypto';
import { concatBytes, utf8 } from '@fog/kernel';
import { subnetsOf } from '../subnets.ts';
import { PPM } from './consensus.ts';
import type { Consensus, ConsensusRelay, RelayFlag } from './documents.ts';
import { stakePpm } from './log-table.ts';
import { type DutyFlag, DUTIES, trustedFor } from './trusted-duties.ts';

/** No relay weighs less than 1 %: newcomers must get packets to be measured by. */
const FLOOR_PPM = 10_000;
/** One family or subnet weighs a fifth at most. */
const SHARES = 5;
/** The two caps are applied in turns, as each moves the other's total. */
const CAP_TURNS = 16;

/** Relays of these are always used: the lottery draws the others. */
const ALWAYS_ACTIVE: readonly RelayFlag[] = ['Gateway', 'Guard', 'Exit', 'HSDir'];

export type LotteryRelay = Omit<ConsensusRelay, 'weightPpm' | 'active'>;

export interface LotteryInput {
  readonly relays: readonly LotteryRelay[];
  /** One operator has all relays: there is nothing to cap. */
  readonly singleOperator: boolean;
  readonly sharedRandom: Uint8Array;
  readonly maxActive: number;
}

/** Weights every relay and draws the active ones. The order stays. */
export function runLottery(input: LotteryInput): ConsensusRelay[] {
  const { relays, singleOperator, sharedRandom, maxActive } = input;
  const weights = new Map<LotteryRelay, number>();
  const terms = stakeTerms(relays);
  for (const relay of relays) weights.set(relay, weightOf(relay, terms));
  const running = relays.filter(({ flags }) => flags.includes('Running'));
  const [always, drawn] = [true, false].map((wanted) =>
    running.filter(({ flags }) => flags.some((flag) => ALWAYS_ACTIVE.includes(flag)) === wanted),
  ) as [LotteryRelay[], LotteryRelay[]];
  if (!singleOperator) for (const pool of [always, drawn]) capShares(pool, weights);
  const poolWeights = drawn.map((relay) => weights.get(relay) ?? 0);
  const picks = drawIndexes(poolWeights, maxActive, sharedRandom);
  const active = new Set([...always, ...picks.map((index) => drawn[index])]);
  return relays.map((relay) => ({
    ...relay,
    weightPpm: weights.get(relay) ?? 0,
    active: active.has(relay),
  }));
}

export type LotteryVerdict =
  | { readonly ok: true; readonly drawn: number; readonly active: number }
  | { readonly ok: false; readonly relay: string; readonly reason: string };

/** Recomputes weights, draw and who may be guard, exit or directory of a consensus from its own figures. */
export function verifyLottery(consensus: Consensus): LotteryVerdict {
  const distrusted = distrustedDuty(consensus.relays);
  if (distrusted !== undefined) return distrusted;
  const expected = runLottery({ ...consensus, ...consensus.pathPolicy });
  for (const [index, relay] of consensus.relays.entries()) {
    const { weightPpm, active, descriptor } = expected[index] as ConsensusRelay;
    if (relay.weightPpm !== weightPpm) {
      const reason = `its weight is ${relay.weightPpm} ppm and should be ${weightPpm}`;
      return { ok: false, relay: descriptor.id, reason };
    }
    if (relay.active !== active) {
      const reason = active ? 'it was drawn and is not active' : 'it is active and was not drawn';
      return { ok: false, relay: descriptor.id, reason };
    }
  }
  const active = expected.filter((relay) => relay.active);
  const drawn = active.filter(({ flags }) => !flags.some((flag) => ALWAYS_ACTIVE.includes(flag)));
  return { ok: true, drawn: drawn.length, active: active.length };
}

/** A relay with a duty that its reputation does not allow. */
function distrustedDuty(relays: readonly ConsensusRelay[]): LotteryVerdict | undefined {
  const running = relays.filter(({ flags }) => flags.includes('Running'));
  for (const duty of Object.keys(DUTIES) as DutyFlag[]) {
    const trusted = new Set(trustedFor(duty, running));
    const found = relays.find((relay) => relay.flags.includes(duty) && !trusted.has(relay));
    if (found === undefined) continue;
    const reason = `it has the flag ${duty}, which its roles and its reputation of ${found.reputationPpm} ppm do not allow`;
    return { ok: false, relay: found.descriptor.id, reason };
  }
  return undefined;
}

/** 0.5 reputation + 0.3 performance + 0.2 stake, in parts per million, before the caps. */
function weightOf(relay: LotteryRelay, terms: ReadonlyMap<string, number>): number {
  const stake = terms.get(relay.descriptor.stakeAccount) ?? 0;
  const sum = 5 * relay.reputationPpm + 3 * relay.performancePpm + 2 * stake;
  return Math.min(PPM, Math.max(FLOOR_PPM, Math.floor(sum / 10)));
}

/** The stake of one account counts once, however many relays it is spread over, and is split among them. */
function stakeTerms(relays: readonly LotteryRelay[]): Map<string, number> {
  const terms = new Map<string, number>();
  const accounts = Map.groupBy(relays, ({ descriptor }) => descriptor.stakeAccount);
  for (const [account, members] of accounts) {
    if (account === '') continue;
    const credits = members.reduce((sum, { stakeCredits }) => sum + stakeCredits, 0);
    terms.set(account, Math.floor(stakePpm(credits) / members.length));
  }
  return terms;
}

function capShares(pool: readonly LotteryRelay[], weights: Map<LotteryRelay, number>): void {
  const rules = [
    groupsBy(pool, ({ descriptor }) => (descriptor.family === '' ? undefined : descriptor.family)),
    groupsBy(pool, ({ descriptor }) => subnetsOf(descriptor.addresses)[0]),
  ];
  for (let turn = 0; turn < CAP_TURNS; turn += 1) {
    const changed = rules.map((groups) => capGroups(groups, weights));
    if (!changed.includes(true)) return;
  }
}

interface Groups {
  readonly groups: readonly LotteryRelay[][];
  /** Relays without a family or a subnet: they count, and nothing caps them. */
  readonly alone: readonly LotteryRelay[];
}

function groupsBy(
  pool: readonly LotteryRelay[],
  keyOf: (relay: LotteryRelay) => string | undefined,
): Groups {
  const groups = Map.groupBy(pool, keyOf);
  const alone = groups.get(undefined) ?? [];
  groups.delete(undefined);
  return { groups: [...groups.values()], alone };
}

/**
 * Lowers the heaviest groups until none has more than a fifth of the new total. With fewer than five to share
 * it, groups can only be made equal.
 */
function capGroups({ groups, alone }: Groups, weights: Map<LotteryRelay, number>): boolean {
  const shares = Math.min(SHARES, groups.length + alone.length);
  if (shares < 2) return false;
  const sumOf = (group: readonly LotteryRelay[]): number =>
    group.reduce((sum, relay) => sum + (weights.get(relay) ?? 0), 0);
  const heaviest = groups
    .map((group) => ({ group, sum: sumOf(group) }))
    .sort((a, b) => b.sum - a.sum);
  let rest = heaviest.reduce((total, { sum }) => total + sum, sumOf(alone));
  let capped = 0;
  let cap = Math.floor(rest / shares);
  while (capped < shares - 1 && (heaviest[capped]?.sum ?? 0) > cap) {
    rest -= heaviest[capped]?.sum ?? 0;
    capped += 1;
    cap = Math.floor(rest / (shares - capped));
  }
  for (const { group, sum } of heaviest.slice(0, capped)) {
    for (const relay of group) {
      const lowered = Math.floor(((weights.get(relay) ?? 0) * cap) / sum);
      weights.set(relay, Math.max(1, lowered));
    }
  }
  return capped > 0;
}

/** Draws `count` different indexes by weight, without putting back. Weights are positive integers. */
export function drawIndexes(
  weights: readonly number[],
  count: number,
  sharedRandom: Uint8Array,
): number[] {
  const below = createNumbers(sharedRandom);
  const left = weights.map((weight, index) => ({ weight, index }));
  let total = weights.reduce((sum, weight) => sum + weight, 0);
  const picks: number[] = [];
  while (picks.length < count && left.length > 0) {
    let point = below(total);
    let place = 0;
    while (point >= (left[place]?.weight ?? Number.POSITIVE_INFINITY)) {
      point -= left[place]?.weight ?? 0;
      place += 1;
    }
    const [picked] = left.splice(place, 1);
    if (picked === undefined) break;
    picks.push(picked.index);
    total -= picked.weight;
  }
  return picks;
}

const NUMBER_BYTES = 6;
const NUMBER_RANGE = 2 ** (8 * NUMBER_BYTES);
const BLOCK_BYTES = 192;
const KEY_BYTES = 32;
const NONCE_BYTES = 8;

/**
 * Uniform integers below a bound: 6-byte big-endian numbers of the ChaCha20 stream under BLAKE2b-256 of label
 * and value, in blocks of 192 bytes with the block's number (little-endian) as nonce; those beyond the
 * largest multiple of the bound are skipped.
 */
function createNumbers(sharedRandom: Uint8Array): (bound: number) => number {
  const key = new Uint8Array(KEY_BYTES);
  blake2b(key, concatBytes([utf8('fog-lottery/1\0'), sharedRandom]));
  const zeros = new Uint8Array(BLOCK_BYTES);
  const block = new Uint8Array(BLOCK_BYTES);
  const view = new DataView(block.buffer);
  const nonce = new Uint8Array(NONCE_BYTES);
  let blocks = 0;
  let offset = BLOCK_BYTES;
  const next = (): number => {
    if (offset === BLOCK_BYTES) {
      new DataView(nonce.buffer).setUint32(0, blocks, true);
      chacha20(block, zeros, nonce, key);
      blocks += 1;
      offset = 0;
    }
    const number = view.getUint16(offset) * 2 ** 32 + view.getUint32(offset + 2);
    offset += NUMBER_BYTES;
    return number;
  };
  return (bound) => {
    const limit = NUMBER_RANGE - (NUMBER_RANGE % bound);
    for (;;) {
      const number = next();
      if (number < limit) return number % bound;
    }
  };
}
