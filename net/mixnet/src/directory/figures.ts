/** What one authority makes of the relays it knows: the figures of its vote. */
import type { RelayDescriptor } from './documents.ts';
import type { HeldDescriptor } from './descriptor-store.ts';
import { PPM } from './consensus.ts';
import { MAX_STAKE_CREDITS, UPLOAD_GRACE_MS } from './limits.ts';
import { deliveredShares } from './loss-reports.ts';
import { median } from './median.ts';
import { rateOf } from './tally.ts';
import type { VotedRelay } from './vote.ts';

/** Packets a second that count as full performance. */
const FULL_RATE = 10_000;
/** Of a relay nobody has measured yet. */
const UNKNOWN_PPM: number = PPM / 2;

/** What the rest of the product knows of relays. Figures out of bounds are cut: a vote with one is void. */
export interface RelayStanding {
  /** 5 % lower bound of the relay's reputation, in parts per million; undefined where none is kept. */
  reputationPpm(relay: string): number | undefined;
  /** Whole credits staked by the account. */
  stakeCredits(account: string): number;
}

export const NO_STANDING: RelayStanding = {
  reputationPpm: () => undefined,
  stakeCredits: () => 0,
};

export interface FiguresContext {
  readonly nowMs: number;
  readonly epochMs: number;
  readonly standing: RelayStanding;
  /** Relays that owe the VRF output of an epoch long past. */
  readonly silent: ReadonlySet<string>;
}

export function figuresOf(held: readonly HeldDescriptor[], context: FiguresContext): VotedRelay[] {
  const reports = deliveredShares(held.map(({ opened }) => opened.descriptor));
  const stakes = stakesOf(held, context.standing);
  return held.map(({ opened: { descriptor, packed }, receivedMs, sinceMs }) => {
    const shares = reports.get(descriptor.id) ?? [];
    const delivered = shares.length === 0 ? UNKNOWN_PPM : median(shares);
    const rate = Math.min(FULL_RATE, rateOf(descriptor));
    return {
      descriptor: packed,
      reputationPpm: whole(context.standing.reputationPpm(descriptor.id), PPM, UNKNOWN_PPM),
      performancePpm: Math.floor((delivered * rate) / FULL_RATE),
      stakeCredits: stakes.get(descriptor.id) ?? 0,
      upMs: Math.max(0, Math.floor(context.nowMs - sinceMs)),
      running:
        isFresh(receivedMs, context) && !isDead(shares) && !context.silent.has(descriptor.id),
    };
  });
}

/** Relays upload once an epoch. */
export function isFresh(
  receivedMs: number,
  { nowMs, epochMs }: Pick<FiguresContext, 'nowMs' | 'epochMs'>,
): boolean {
  return nowMs - receivedMs <= epochMs * 1.1 + UPLOAD_GRACE_MS;
}

/** At least two neighbours, and most of them, got nothing back. */
function isDead(shares: readonly number[]): boolean {
  const without = shares.filter((share) => share === 0).length;
  return without >= 2 && without * 2 > shares.length;
}

/** An account's stake is divided among its relays, so that their sum is the stake. */
function stakesOf(held: readonly HeldDescriptor[], standing: RelayStanding): Map<string, number> {
  const relays: RelayDescriptor[] = held.map(({ opened }) => opened.descriptor);
  const stakes = new Map<string, number>();
  for (const [account, members] of Map.groupBy(relays, ({ stakeAccount }) => stakeAccount)) {
    const credits = account === '' ? 0 : stakeOf(account, standing);
    const each = Math.floor(credits / members.length);
    for (const [index, { id }] of members.entries()) {
      stakes.set(id, index === 0 ? credits - each * (members.length - 1) : each);
    }
  }
  return stakes;
}

function stakeOf(account: string, standing: RelayStanding): number {
  return whole(standing.stakeCredits(account), MAX_STAKE_CREDITS, 0);
}

/** An integer from 0 to `max`; `otherwise` for what is no number. */
function whole(value: number | undefined, max: number, otherwise: number): number {
  if (value === undefined || Number.isNaN(value)) return otherwise;
  return Math.floor(Math.min(max, Math.max(0, value)));
}
