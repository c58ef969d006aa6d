/** The newest consensuses a member has checked, and which of them holds when. */
import type { Consensus } from './documents.ts';
import { isExpired, isInForce, isNewer, type OpenedConsensus } from './open-consensus.ts';

/** The next epoch's, the present one, its predecessor, and one revision more. */
const MAX_HELD = 4;

export interface HeldConsensuses {
  /** False when it is here already or older than all that are kept. */
  add(opened: OpenedConsensus): boolean;
  /** Takes more signatures for one that is here. */
  replace(opened: OpenedConsensus): void;
  remove(opened: OpenedConsensus): void;
  find(epoch: number, revision: number): OpenedConsensus | undefined;
  newest(): OpenedConsensus | undefined;
  /** The newest that has begun and not ended; by a clock that may be off, only when there is no other. */
  inForce(nowMs: number): OpenedConsensus | undefined;
  /** The newest of an epoch to come. */
  pending(nowMs: number): OpenedConsensus | undefined;
  /** The newest that is older than this name, expired or not. */
  before(epoch: number, revision: number): OpenedConsensus | undefined;
  /** Newest first. */
  all(): readonly OpenedConsensus[];
}

export function createHeldConsensuses(): HeldConsensuses {
  let held: OpenedConsensus[] = [];
  const newestFirst = (a: OpenedConsensus, b: OpenedConsensus): number =>
    isNewer(a.consensus, b.consensus) ? -1 : 1;
  const find = (epoch: number, revision: number): OpenedConsensus | undefined =>
    held.find(({ consensus }) => consensus.epoch === epoch && consensus.revision === revision);
  return {
    find,
    add: (opened) => {
      if (find(opened.consensus.epoch, opened.consensus.revision) !== undefined) return false;
      held = [...held, opened].sort(newestFirst).slice(0, MAX_HELD);
      return held.includes(opened);
    },
    replace: (opened) => {
      held = held.map((each) => (sameName(each.consensus, opened.consensus) ? opened : each));
    },
    remove: (opened) => {
      held = held.filter((each) => each !== opened);
    },
    newest: () => held[0],
    inForce: (nowMs) =>
      held.find(({ consensus }) => nowMs >= consensus.validAfter && nowMs < consensus.validUntil) ??
      held.find(({ consensus }) => isInForce(consensus, nowMs)),
    pending: (nowMs) =>
      held.find(({ consensus }) => nowMs < consensus.validAfter && !isExpired(consensus, nowMs)),
    before: (epoch, revision) =>
      held.find(({ consensus }) => isNewer({ ...consensus, epoch, revision }, consensus)),
    all: () => held,
  };
}

function sameName(a: Consensus, b: Consensus): boolean {
  return a.epoch === b.epoch && a.revision === b.revision;
}
