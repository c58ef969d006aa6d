/** One observation of a node. */
import { EVIDENCE_KINDS, type EvidenceKind } from '@fog/wire';
import { MAX_WEIGHT } from './limits.ts';

/** Who speaks when the fog itself has seen it. */
export const FOG_RATER = 'fog';

export interface Evidence {
  /** Grows with each. */
  readonly id: number;
  /** Milliseconds UTC. */
  readonly time: number;
  readonly node: string;
  /** Account of the node; empty where it is not known. */
  readonly owner: string;
  readonly kind: EvidenceKind;
  readonly good: boolean;
  readonly weight: number;
  /** Account that says so, or `fog`. */
  readonly rater: string;
  /** What it rests on; the same twice for a node and kind is a replay. */
  readonly source: string;
}

/** What a use of trust is about: `main` kinds speak for and against a node, all others only against. */
export type TrustUse = 'work' | 'relay';

export const MAIN_KINDS: Readonly<Record<TrustUse, ReadonlySet<EvidenceKind>>> = {
  work: new Set(['result', 'known_answer', 'manifest', 'dispute']),
  relay: new Set(['relay_loss', 'delay_audit']),
};

const KINDS: ReadonlySet<string> = new Set(EVIDENCE_KINDS);

export function isWellFormed({ id, time, node, kind, weight, rater, source }: Evidence): boolean {
  if (!Number.isSafeInteger(id) || id < 1 || !Number.isFinite(time) || time < 0) return false;
  if (!(weight > 0 && weight <= MAX_WEIGHT)) return false;
  return KINDS.has(kind) && node !== '' && rater !== '' && source !== '';
}
