import type { PlacementNode, PlacementTask } from '../placement.ts';
import { loadOf, type RoutingRule } from './rule.ts';

/** Steps are far apart, so that no load outweighs one. */
const STEP = 100;

/** Those who would see least come first: own machines, then strong sandboxes, then trust, then load. */
export const privacy: RoutingRule = (task, nodes) => ({
  values: nodes.map(
    (node) => STEP * exposure(task, node) + STEP * (1 - (node.trust ?? 0)) + loadOf(node),
  ),
  because: (node) =>
    `${task.owner === node.owner ? 'of the same owner' : 'of another owner'}, sandbox level ${node.sandboxLevel}, ${node.trust === undefined ? 'no evidence of trust yet' : `trust ${node.trust.toFixed(2)}`}`,
});

/** Two steps for another owner, so that no sandbox and no trust outweigh it; one for a weak sandbox. */
function exposure(task: PlacementTask, node: PlacementNode): number {
  const foreign = task.owner === node.owner ? 0 : 4;
  return foreign + (node.sandboxLevel === 'os' ? 0 : 2);
}
