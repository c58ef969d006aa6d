/** What one authority makes of the relays it knows: the figures of its vote. */
import type { RelayDescriptor } from './documents.ts';
import type { HeldDescriptor } from './descriptor-store.ts';
import { PPM } from './consensus.ts';
import { UPLOAD_GRACE_MS } from './limits.ts';
import { median, rateOf } from './tally.ts';
import type { VotedRelay } from './vote.ts';

/** Packets a second that count as full performance. */
const FULL_RATE = 10_000;
/** Fewer loops over a link say nothing. */
const MIN_LOOPS = 10;
/** Of a relay nobody has measured yet. */
const UNKNOWN_PPM: number = PPM / 2;

/** What the rest of the product knows of relays. */
export interface RelayStanding {
  /** 5 % lower bound of the relay's reputation, in parts per million. */
  reputationPpm(relay: string): number;
  /** Whole credits staked by the account. */
  stakeCredits(account: string): number;
}

export const NO_STANDING: RelayStanding = {
  reputationPpm: () => UNKNOWN_PPM,
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
  const reports = lossReports(held);
  const stakes = stakesOf(held, context.standing);
  return held.map(({ opened: { descriptor, packed }, receivedMs, sinceMs }) => {
    const shares = reports.get(descriptor.id) ?? [];
    const delivered = shares.length === 0 ? UNKNOWN_PPM : median(shares);
    const rate = Math.min(FULL_RATE, rateOf(descriptor));
    const reputation = Math.floor(context.standing.reputationPpm(descriptor.id));
    return {
      descriptor: packed,
      reputationPpm: Math.min(PPM, Math.max(0, reputation)),
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

/** The share of loops that came home over each relay, as each neighbour with enough of them says. */
function lossReports(held: readonly HeldDescriptor[]): Map<string, number[]> {
  const reports = new Map<string, number[]>();
  for (const { opened } of held) {
    for (const { peer, sent, lost } of opened.descriptor.loss) {
      if (sent < MIN_LOOPS || peer === opened.descriptor.id) continue;
      const shares = reports.get(peer) ?? [];
      shares.push(Math.floor(((sent - lost) / sent) * PPM));
      reports.set(peer, shares);
    }
  }
  return reports;
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
    const credits = account === '' ? 0 : Math.max(0, Math.floor(standing.stakeCredits(account)));
    const each = Math.floor(credits / members.length);
    for (const [index, { id }] of members.entries()) {
      stakes.set(id, index === 0 ? credits - each * (members.length - 1) : each);
    }
  }
  return stakes;
}
