import { takenOf } from '../feasibility.ts';
import type { PlacementNode, PlacementTask } from '../placement.ts';

export interface RouteState {
  /** Uniform in [0, 1): `random` draws two of these. */
  readonly random: () => number;
  /** The node that served last, for the turns of `round_robin`. */
  readonly last?: string | undefined;
}

/** In the order of the nodes. */
export interface Scores {
  /** Lower is better. */
  readonly values: readonly number[];
  /** What the value of the node, the one at this place, is made of, in words with units. */
  readonly because: (node: PlacementNode, at: number) => string;
}

/** Scores nodes that can all take the task. */
export type RoutingRule = (
  task: PlacementTask,
  nodes: readonly PlacementNode[],
  state: RouteState,
) => Scores;

/** Share of the node's room that is taken: leases and services for its slots, and the work of others on its cores. */
export function loadOf(node: PlacementNode): number {
  return takenOf(node) / slotsOf(node) + (node.cpuLoad ?? 0);
}

export function loadWords(node: PlacementNode): string {
  const cpu = node.cpuLoad === undefined ? '' : `, cpu ${Math.round(node.cpuLoad * 100)} %`;
  return `${takenOf(node)} of ${slotsOf(node)} slots taken${cpu}`;
}

/** Those of the machine, whatever is kept of them. */
export function slotsOf({ slots, allSlots = slots }: PlacementNode): number {
  return allSlots;
}
