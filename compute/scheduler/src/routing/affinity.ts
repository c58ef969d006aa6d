import { loadOf, type RoutingRule } from './rule.ts';

/** What a warm program is worth, in units of relative misfit: fetching and compiling it costs more than a poor fit. */
const WARM_BONUS = 1;
/** Load counts this much, so that equal nodes share. */
const LOAD_WEIGHT = 0.1;

/**
 * The node whose free room is closest to what the task asks for, so that large machines stay free for
 * large tasks; one that ran the same program of late comes first.
 */
export const affinity: RoutingRule = (task, nodes) =>
  nodes.map((node) => {
    const slots = Math.max(1, node.slots - node.held);
    const cores = misfit((node.cores ?? node.slots) * (slots / node.slots), task.cores ?? 1);
    const memory = misfit(node.memoryBytes * (slots / node.slots), task.memoryBytes);
    const isWarm = task.module !== undefined && node.warm?.has(task.module) === true;
    const fit = (cores + memory) / 2;
    return {
      value: fit + LOAD_WEIGHT * loadOf(node) - (isWarm ? WARM_BONUS : 0),
      because: `${Math.round(fit * 100)} % of its free room stays unused${isWarm ? ', and it ran this program of late' : ''}`,
    };
  });

/** Share of what the node has that the task would leave unused, 0 to 1. */
function misfit(has: number, wants: number): number {
  return has <= 0 ? 1 : Math.max(0, has - wants) / Math.max(has, wants);
}
