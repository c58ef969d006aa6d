/** What follows from a node's score for the work it gets. */
import type { EvidenceKind } from '@fog/wire';
import { MAIN_KINDS } from './evidence.ts';
import { LEAST_CHECKED, NEWCOMER_RESULTS, TOLERATED_MEAN, WRONG_PER_CHECK } from './limits.ts';
import type { Score } from './score.ts';

export interface Standing {
  readonly score: Score;
  /** Too little speaks for it, or too much against it. */
  readonly isNewcomer: boolean;
  /** Too much speaks against it. */
  readonly isDistrusted: boolean;
  /** Share of its results that are to be checked. */
  readonly checkProbability: number;
}

/** Kinds that say the node's results were compared and found right. */
const PROOFS: ReadonlySet<EvidenceKind> = new Set(['result', 'known_answer', 'dispute']);

export function standingOf(score: Score): Standing {
  let right = 0;
  let wrong = 0;
  for (const { kind, credible, bad } of score.kinds) {
    if (PROOFS.has(kind)) right += credible;
    if (MAIN_KINDS.work.has(kind)) wrong += bad;
  }
  const isLow = score.mean < TOLERATED_MEAN;
  const isNewcomer = isLow || right < NEWCOMER_RESULTS;
  const doubt = 1 + WRONG_PER_CHECK * wrong;
  const checkProbability = isNewcomer ? 1 : Math.max(LEAST_CHECKED, doubt / (doubt + right));
  return { score, isNewcomer, isDistrusted: isLow && wrong > 0, checkProbability };
}
