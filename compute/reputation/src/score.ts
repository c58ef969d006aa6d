/** From faded counts to a score. */
import { EVIDENCE_KINDS, type EvidenceKind, type KindTrust } from '@fog/wire';
import { betaQuantile } from './beta.ts';
import { type Counter, keptOf } from './counter.ts';
import { FOG_RATER, MAIN_KINDS, type TrustUse } from './evidence.ts';
import { PRIOR_MEAN, PRIOR_WEIGHT, TOLERATED_FAILURES } from './limits.ts';

/** Probability with which the true share is below the lower bound. */
const LOWER_TAIL = 0.05;

export interface Score {
  /** Expected share of right work. */
  readonly mean: number;
  readonly lower: number;
  /** Observations that have not faded, without what is expected of anybody. */
  readonly effective: number;
  /** Parameters of the distribution. */
  readonly alpha: number;
  readonly beta: number;
  readonly kinds: readonly KindTrust[];
}

export interface KindBook {
  /** Weight of all events that counted. */
  events: number;
  readonly raters: Map<string, Counter>;
}

interface At {
  readonly now: number;
  /** How far the word of an account counts, 0 to 1. */
  readonly credibility: (rater: string) => number;
}

export function scoreOf(book: ReadonlyMap<EvidenceKind, KindBook>, use: TrustUse, at: At): Score {
  const kinds = EVIDENCE_KINDS.flatMap((kind) => {
    const counts = book.get(kind);
    return counts === undefined ? [] : [kindTrust(kind, counts, at)];
  });
  let alpha = PRIOR_MEAN * PRIOR_WEIGHT;
  let beta = (1 - PRIOR_MEAN) * PRIOR_WEIGHT;
  for (const { kind, good, bad, credible } of kinds) {
    if (MAIN_KINDS[use].has(kind)) {
      alpha += credible;
      beta += bad;
    } else beta += penaltyOf(kind, good, bad);
  }
  let lower: number | undefined;
  return {
    alpha,
    beta,
    kinds,
    mean: alpha / (alpha + beta),
    // Costs some microseconds, and a draw does not need it.
    get lower() {
      return (lower ??= betaQuantile(LOWER_TAIL, alpha, beta));
    },
    effective: alpha + beta - PRIOR_WEIGHT,
  };
}

/** What is not asked about never raises a score: being there all day is no proof of right results. */
function penaltyOf(kind: EvidenceKind, good: number, bad: number): number {
  const isLie = MAIN_KINDS.work.has(kind);
  return isLie ? bad : Math.max(0, bad - TOLERATED_FAILURES * (good + bad));
}

function kindTrust(
  kind: EvidenceKind,
  { events, raters }: KindBook,
  { now, credibility }: At,
): KindTrust {
  let good = 0;
  let bad = 0;
  let credible = 0;
  for (const [rater, counter] of sorted(raters)) {
    const kept = keptOf(counter, events, now);
    good += counter.good * kept;
    bad += counter.bad * kept;
    credible += counter.good * kept * (rater === FOG_RATER ? 1 : credibility(rater));
  }
  return { kind, good, bad, credible };
}

/** By key: sums of floating-point numbers depend on their order. */
export function sorted<Value>(map: ReadonlyMap<string, Value>): (readonly [string, Value])[] {
  if (map.size < 2) return [...map];
  return [...map].toSorted(([a], [b]) => (a < b ? -1 : 1));
}
