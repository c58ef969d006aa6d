import type { PlacementNode, PlacementTask } from '../placement.ts';
import { loadOf, type RoutingRule, slotsOf } from './rule.ts';

/** What a warm program is worth, in units of relative misfit: fetching and compiling it costs more than a poor fit. */
const WARM_BONUS = 1;
/** Load counts this much, so that equal nodes share. */
const LOAD_WEIGHT = 0.1;

/**
 * The node whose free room is closest to what the task asks for, so that large machines stay free for
 * large tasks; one that ran the same program of late comes first.
 */
export const affinity: RoutingRule = (task, nodes) => ({
  values: nodes.map(
    (node) =>
      unused(task, node) + LOAD_WEIGHT * loadOf(node) - (isWarm(task, node) ? WARM_BONUS : 0),
  ),
  because: (node) =>
    `${Math.round(unused(task, node) * 100)} % of its free room stays unused${isWarm(task, node) ? ', and it ran this program of late' : ''}`,
});

/** Share of the node's free room that the task would leave unused, 0 to 1. */
function unused(task: PlacementTask, node: PlacementNode): number {
  const slots = slotsOf(node);
  const free = Math.max(1, node.slots - node.held) / slots;
  const cores = misfit((node.cores ?? slots) * free, task.cores ?? 1);
  return (cores + misfit(node.memoryBytes * free, task.memoryBytes)) / 2;
}

function isWarm({ module }: PlacementTask, node: PlacementNode): boolean {
  return module !== undefined && node.warm?.has(module) === true;
}

/** Share of what is there that would be left over, 0 to 1. */
function misfit(has: number, wants: number): number {
  return has <= 0 ? 1 : Math.max(0, has - wants) / Math.max(has, wants);
}
