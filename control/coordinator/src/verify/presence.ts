/** Whether a node is there when it has work: one word a node and window. */
import type { Core } from '../core.ts';
import { noteEvidence } from './evidence.ts';

/** Four words a day and node, however often it comes and goes. */
const PRESENCE_WINDOW_MS = 21_600_000;
/** From so many on, half of the fleet gone at once is the trouble of the fog's own network. */
const MANY = 3;

/** It fell silent, or let go of work it had. */
export function noteAbsence(core: Core, node: string): void {
  core.verify.absent.add(node);
}

/**
 * The window that was begun when presence was last judged, whoever led then; before that ever was, the one of now.
 * Windows begin at the same times for all leaders, however short their terms.
 */
export function lastWindow({ reputation, clock }: Core): number {
  let last: number | undefined;
  for (const { kind, updatedAt } of reputation.rows()) {
    if (kind === 'availability') last = Math.max(last ?? 0, updatedAt);
  }
  return windowAt(last ?? clock.now());
}

/** Once a window has ended that began with `since`; returns the one of now, which makes a second word for it a replay. */
export function judgePresence(core: Core, since: number): number {
  const { absent } = core.verify;
  const now = core.clock.now();
  const window = windowAt(now);
  if (window <= since) return since;
  const there = [...core.nodes.values()].filter(
    ({ id, link, joinedAt }) =>
      link !== undefined && !absent.has(id) && now - joinedAt >= PRESENCE_WINDOW_MS,
  );
  if (absent.size < MANY || absent.size <= there.length) {
    for (const node of absent) note(core, node, { isGood: false, window });
  }
  for (const { id } of there) note(core, id, { isGood: true, window });
  absent.clear();
  return window;
}

function windowAt(time: number): number {
  return Math.floor(time / PRESENCE_WINDOW_MS);
}

function note(
  core: Core,
  node: string,
  { isGood, window }: { readonly isGood: boolean; readonly window: number },
): void {
  noteEvidence(core, { node, kind: 'availability', isGood, source: { window } });
}
