import type {
  Placement,
  PlacementNode,
  PlacementOptions,
  PlacementTask,
  Refusal,
} from './placement.ts';
import { route } from './routing/route.ts';
import { leaseWindow, refusalNow, refusalOf } from './feasibility.ts';

/**
 * Assigns tasks to nodes. Pure: the same tasks, nodes and options give the same placement.
 * Greedy: each task in turn goes to the eligible node with the least held work for its slots.
 */
export function place(
  tasks: readonly PlacementTask[],
  nodes: readonly PlacementNode[],
  options: PlacementOptions,
): Placement {
  if (options.route !== undefined) return placeByRoute(tasks, nodes, options.route);
  const held = new Map(nodes.map((node) => [node.id, node.held]));
  const assignments: { task: number; node: string }[] = [];
  const unplaced: number[] = [];
  for (const [index, task] of tasks.entries()) {
    const node = leastLoaded(task, nodes, held, (options.seed + index) % Math.max(1, nodes.length));
    if (node === undefined) {
      unplaced.push(index);
      continue;
    }
    held.set(node.id, (held.get(node.id) ?? 0) + 1);
    assignments.push({ task: index, node: node.id });
  }
  return { strategy: 'greedy', assignments, unplaced };
}

/** One task after the other, each seeing what those before it took. */
function placeByRoute(
  tasks: readonly PlacementTask[],
  nodes: readonly PlacementNode[],
  { strategy, state }: NonNullable<PlacementOptions['route']>,
): Placement {
  const fleet = nodes.map((node) => ({ ...node }));
  const assignments: { task: number; node: string }[] = [];
  const unplaced: number[] = [];
  let { last } = state;
  for (const [index, task] of tasks.entries()) {
    const id = route(strategy, task, fleet, { ...state, last });
    const node = fleet.find((one) => one.id === id);
    if (node === undefined) {
      unplaced.push(index);
      continue;
    }
    node.held += 1;
    last = node.id;
    assignments.push({ task: index, node: node.id });
  }
  return { strategy, assignments, unplaced };
}

/** Tasks like this one that the nodes could take now, without assigning any. */
export function capacityFor(task: PlacementTask, nodes: readonly PlacementNode[]): number {
  let capacity = 0;
  for (const node of nodes) {
    if (refusalOf(task, node) === undefined)
      capacity += Math.max(0, leaseWindow(task, node) - node.held);
  }
  return capacity;
}

/** Per node why it cannot take the task, or `full`; empty when some node could. */
export function explainPlacement(
  task: PlacementTask,
  nodes: readonly PlacementNode[],
): { readonly node: string; readonly refusal: Refusal }[] {
  const refusals: { node: string; refusal: Refusal }[] = [];
  for (const node of nodes) {
    const refusal = refusalNow(task, node);
    if (refusal === undefined) return [];
    refusals.push({ node: node.id, refusal });
  }
  return refusals;
}

/** `first` rotates the scan so that equally loaded nodes take turns. */
function leastLoaded(
  task: PlacementTask,
  nodes: readonly PlacementNode[],
  held: ReadonlyMap<string, number>,
  first: number,
): PlacementNode | undefined {
  let best: PlacementNode | undefined;
  let bestLoad = Infinity;
  let bestAvoided = true;
  for (let step = 0; step < nodes.length; step += 1) {
    const node = nodes[(first + step) % nodes.length];
    if (node === undefined || refusalOf(task, node) !== undefined) continue;
    const count = held.get(node.id) ?? 0;
    if (count >= leaseWindow(task, node)) continue;
    const avoided = task.avoid?.has(node.id) ?? false;
    const load = count / node.slots;
    if (best === undefined || (avoided === bestAvoided ? load < bestLoad : bestAvoided)) {
      best = node;
      bestLoad = load;
      bestAvoided = avoided;
    }
  }
  return best;
}
