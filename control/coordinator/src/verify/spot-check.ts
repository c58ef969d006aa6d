/** How often an unreplicated result is checked all the same. */
import type { Core } from '../core.ts';

export function isPicked({ verify, reputation, clock }: Core, node: string): boolean {
  return verify.random() < reputation.standing(node, clock.now()).checkProbability;
}
