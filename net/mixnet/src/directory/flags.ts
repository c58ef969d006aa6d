/** Which flags a relay gets, from the medians of what the authorities measured. */
import { RELAY_FLAGS, type RelayDescriptor, type RelayFlag } from './documents.ts';
import { trustedFor } from './trusted-duties.ts';

/** Up so long counts as stable; while fewer than half of the relays are, flags go by rank. */
export const STABLE_UP_MS: number = 24 * 60 * 60_000;
/** Clients keep three entry gateways. */
const MIN_GUARDS = 4;
/** Two replicas at three directories each. */
const MIN_DIRECTORIES = 6;
/** Relays that share a flag by rank while the network is young. */
const MIN_SHARED = 3;

export interface RankedRelay {
  readonly descriptor: RelayDescriptor;
  readonly running: boolean;
  readonly upMs: number;
  /** Packets a second. */
  readonly rate: number;
  readonly reputationPpm: number;
}

/** The flags of each relay, in the order of RELAY_FLAGS; none for those that do not run. */
export function flagRelays(relays: readonly RankedRelay[]): Map<string, readonly RelayFlag[]> {
  const running = relays.filter((relay) => relay.running);
  const byUptime = running.toSorted((a, b) => b.upMs - a.upMs || byId(a, b));
  const byRate = running.toSorted((a, b) => b.rate - a.rate || byId(a, b));
  const old = running.filter(({ upMs }) => upMs >= STABLE_UP_MS);
  const young = old.length * 2 < running.length;
  const medianRate = byRate[byRate.length >> 1]?.rate ?? 0;

  const choose = (
    order: readonly RankedRelay[],
    least: number,
    deserves: (relay: RankedRelay) => boolean,
  ): Set<RankedRelay> => {
    const byRank = young ? Math.max(least, Math.ceil((order.length * 3) / 4)) : least;
    return new Set(order.filter((relay, rank) => rank < byRank || (!young && deserves(relay))));
  };
  const stable = choose(byUptime, MIN_SHARED, ({ upMs }) => upMs >= STABLE_UP_MS);
  const fast = choose(byRate, MIN_SHARED, ({ rate }) => rate >= medianRate);
  const isSteady = (relay: RankedRelay): boolean => stable.has(relay) && fast.has(relay);
  const guards = choose(trustedFor('Guard', byUptime), MIN_GUARDS, isSteady);
  const stores = trustedFor('HSDir', byUptime);
  const directories = choose(stores, MIN_DIRECTORIES, (relay) => stable.has(relay));
  const exits = new Set(trustedFor('Exit', running));

  const has: Record<RelayFlag, (relay: RankedRelay) => boolean> = {
    Running: () => true,
    Stable: (relay) => stable.has(relay),
    Fast: (relay) => fast.has(relay),
    Guard: (relay) => guards.has(relay),
    Gateway: ({ descriptor }) => descriptor.roles.includes('gateway'),
    Exit: (relay) => exits.has(relay),
    HSDir: (relay) => directories.has(relay),
  };
  return new Map(
    relays.map((relay) => [
      relay.descriptor.id,
      relay.running ? RELAY_FLAGS.filter((flag) => has[flag](relay)) : [],
    ]),
  );
}

function byId(a: RankedRelay, b: RankedRelay): number {
  return a.descriptor.id < b.descriptor.id ? -1 : 1;
}
