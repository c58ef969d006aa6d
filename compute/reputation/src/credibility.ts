/**
 * How far the word of an account counts: trust flows from what the fog itself verified, along who confirmed
 * whom (EigenTrust, Kamvar et al. 2003). Accounts that only confirm each other get none of it.
 */
import { VERIFIED_FULLY } from './limits.ts';

export interface Confirmation {
  /** `undefined` is the fog itself. */
  readonly rater: string | undefined;
  /** Account whose node was confirmed. */
  readonly owner: string;
  /** Right less wrong. */
  readonly weight: number;
}

/** Share of trust that comes straight from what was verified. */
const VERIFIED_SHARE = 0.5;
/** Each round halves what is left to flow: after these nothing is. */
const ROUNDS = 30;

export interface Credibility {
  /** How far the word of an account counts, 0 to 1. While the fog has verified nothing everybody's does. */
  readonly of: (account: string) => number;
  /** Work of the account that the fog itself found right, less what it found wrong. */
  readonly verified: (account: string) => number;
}

export function credibilityOf(confirmations: readonly Confirmation[]): Credibility {
  const verified = new Map<string, number>();
  const vouched = new Map<string, Map<string, number>>();
  for (const { rater, owner, weight } of confirmations) {
    if (owner === '' || rater === owner) continue;
    const row = rater === undefined ? verified : (vouched.get(rater) ?? new Map<string, number>());
    row.set(owner, (row.get(owner) ?? 0) + weight);
    if (rater !== undefined) vouched.set(rater, row);
  }
  const start = shares(verified, VERIFIED_FULLY);
  const verifiedOf = (account: string): number => Math.max(0, verified.get(account) ?? 0);
  if (start.total === 0) return { of: () => 1, verified: verifiedOf };
  const rows = [...vouched].map(([rater, row]) => [rater, shares(row, Infinity)] as const);
  let trust: ReadonlyMap<string, number> = start.share;
  for (let round = 0; round < ROUNDS; round += 1) trust = flow(trust, start.share, rows);
  // Fully verified is what an owner with this much of the fog's own checks has at the least.
  const full = (VERIFIED_SHARE * VERIFIED_FULLY) / start.total;
  return {
    of: (account) => Math.min(1, (trust.get(account) ?? 0) / full),
    verified: verifiedOf,
  };
}

interface Shares {
  readonly total: number;
  readonly share: ReadonlyMap<string, number>;
}

function shares(row: ReadonlyMap<string, number>, most: number): Shares {
  const kept = [...row]
    .filter(([, weight]) => weight > 0)
    .map(([owner, weight]) => [owner, Math.min(most, weight)] as const);
  const total = kept.reduce((sum, [, weight]) => sum + weight, 0);
  return { total, share: new Map(kept.map(([owner, weight]) => [owner, weight / total])) };
}

function flow(
  trust: ReadonlyMap<string, number>,
  start: ReadonlyMap<string, number>,
  rows: readonly (readonly [string, Shares])[],
): Map<string, number> {
  const next = new Map([...start].map(([owner, share]) => [owner, share * VERIFIED_SHARE]));
  for (const [rater, { share }] of rows) {
    const passed = (trust.get(rater) ?? 0) * (1 - VERIFIED_SHARE);
    if (passed === 0) continue;
    for (const [owner, part] of share) next.set(owner, (next.get(owner) ?? 0) + passed * part);
  }
  return next;
}
