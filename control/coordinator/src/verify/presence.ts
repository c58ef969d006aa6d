/** Whether a node is there when it has work: one word a node and window. */
import type { Core } from '../core.ts';
import { noteEvidence } from './evidence.ts';

/** Four words a day and node, however often it comes and goes. */
export const PRESENCE_WINDOW_MS = 21_600_000;
/** From so many on, half of the fleet gone at once is the trouble of the fog's own network. */
const MANY = 3;

/** It fell silent, or let go of work it had. */
export function noteAbsence(core: Core, node: string): void {
  core.verify.absent.add(node);
}

/** At the end of a window; `window` makes a second word for it after a restart a replay. */
export function judgePresence(core: Core): void {
  const { absent } = core.verify;
  const now = core.clock.now();
  const window = Math.floor(now / PRESENCE_WINDOW_MS);
  const there = [...core.nodes.values()].filter(
    ({ id, link, joinedAt }) =>
      link !== undefined && !absent.has(id) && now - joinedAt >= PRESENCE_WINDOW_MS,
  );
  if (absent.size < MANY || absent.size <= there.length) {
    for (const node of absent) note(core, node, { isGood: false, window });
  }
  for (const { id } of there) note(core, id, { isGood: true, window });
  absent.clear();
}

function note(
  core: Core,
  node: string,
  { isGood, window }: { readonly isGood: boolean; readonly window: number },
): void {
  noteEvidence(core, { node, kind: 'availability', isGood, source: { window } });
}
