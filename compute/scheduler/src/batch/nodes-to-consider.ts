import type { PlacementNode, PlacementTask } from '../placement.ts';
import { pairRefusal, type PairRules } from './eligibility.ts';

/** Pairs of a kind and a node in the tables of a plan: each has six numbers, about 50 MB in all. */
const MAX_PAIRS = 1_000_000;

/**
 * All nodes, or of a fleet that is too large for so many kinds a part in which each kind has its share of nodes that
 * can take it, each searched from another place on.
 */
export function nodesToConsider(
  kinds: readonly PlacementTask[],
  nodes: readonly PlacementNode[],
  rules: PairRules,
): readonly PlacementNode[] {
  if (kinds.length * nodes.length <= MAX_PAIRS) return nodes;
  const most = Math.max(1, Math.floor(MAX_PAIRS / kinds.length));
  const share = Math.ceil(most / kinds.length);
  const stride = Math.ceil(nodes.length / kinds.length);
  const considered = new Set<number>();
  for (const [kind, task] of kinds.entries()) {
    let found = 0;
    for (let step = 0; step < nodes.length && found < share; step += 1) {
      const index = (kind * stride + step) % nodes.length;
      if (pairRefusal(task, nodes[index] as PlacementNode, rules) !== undefined) continue;
      considered.add(index);
      found += 1;
    }
  }
  return nodes.filter((_, index) => considered.has(index));
}
