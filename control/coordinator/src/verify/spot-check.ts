/** How often an unreplicated result is checked all the same. */
import type { Core } from '../core.ts';

/** However good its record, one result in so many of a node is checked: a liar who waits is found too. */
const LEAST_CHECKED = 0.02;
/** Right results after which a node is no newcomer any more (BOINC's number). */
export const NEWCOMER_RESULTS = 10;

/** After n right replicated results one in n + 1 is checked. */
export function checkProbability(proven: number): number {
  return Math.max(LEAST_CHECKED, 1 / (proven + 1));
}

export function isPicked(core: Core, node: string): boolean {
  return core.verify.random() < checkProbability(core.verify.proven.get(node) ?? 0);
}
