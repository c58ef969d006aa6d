/**
 * What one epoch says of a relay, for whoever keeps its reputation: at most one finding of a kind, and each
 * follows from a consensus that a threshold of authorities signed. Weak evidence: neighbours that lie
 * together can make a relay look bad, which is why the median of what they say counts.
 */
import type { VerifiedConsensus } from '../directory/documents.ts';
import { PPM } from '../directory/consensus.ts';
import { deliveredShares } from '../directory/loss-reports.ts';
import { median } from '../directory/median.ts';
import { MAX_EXCESS_LOSS_PPM, MAX_USUAL_LOSS_PPM, MIN_REPORTERS, PROVEN_WEIGHT } from './limits.ts';

export interface RelayFinding {
  readonly relay: string;
  readonly kind: 'relay_loss' | 'delay_audit';
  /** In which it was measured, or whose delays were settled. */
  readonly epoch: number;
  readonly good: boolean;
  readonly weight: number;
  /** What was counted. */
  readonly counts: Readonly<Record<string, number>>;
}

/** A relay is bad where its neighbours' loops over it get lost more often than over the others. */
export function lossFindings({ consensus }: Pick<VerifiedConsensus, 'consensus'>): RelayFinding[] {
  const descriptors = consensus.relays.map(({ descriptor }) => descriptor);
  const listed = new Set(descriptors.map(({ id }) => id));
  const losses = [...deliveredShares(descriptors)]
    .filter(([relay, shares]) => listed.has(relay) && shares.length >= MIN_REPORTERS)
    .map(([relay, shares]) => ({ relay, neighbours: shares.length, ppm: PPM - median(shares) }));
  const usualPpm = median(losses.map(({ ppm }) => ppm));
  // Where most loops are lost, nobody can tell by whom.
  if (usualPpm > MAX_USUAL_LOSS_PPM) return [];
  return losses.map(({ relay, neighbours, ppm }) => ({
    relay,
    kind: 'relay_loss',
    epoch: consensus.epoch,
    good: ppm <= usualPpm + MAX_EXCESS_LOSS_PPM,
    weight: 1,
    counts: { lossPpm: ppm, usualPpm, neighbours },
  }));
}

/** Audit loops of one hop and epoch that its reveal has settled. */
export interface SettledLoops {
  readonly relay: string;
  readonly epoch: number;
  readonly loops: number;
  readonly short: number;
  readonly forged: number;
}

/** `slow`: relays that hold packets much longer than the others. */
export function delayFindings(
  settled: readonly SettledLoops[],
  slow: ReadonlySet<string>,
): RelayFinding[] {
  // Loops whose hop never said what it owed say nothing here: the authorities take its duties from it.
  const known = settled.filter(({ loops, forged }) => loops + forged > 0);
  return known.map(({ relay, epoch, loops, short, forged }) => ({
    relay,
    kind: 'delay_audit',
    epoch,
    good: short === 0 && forged === 0 && !slow.has(relay),
    weight: short + forged > 0 ? PROVEN_WEIGHT : 1,
    counts: { loops, short, forged, ...(slow.has(relay) ? { slow: 1 } : {}) },
  }));
}
