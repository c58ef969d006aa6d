/**
 * A task that needs several slots of one machine finds them only if nobody takes each as it comes free. For the
 * most urgent such task one node is kept, the one that will have room soonest; other work passes it on all other
 * nodes, and on that one if it is over before (Lifka, "The ANL/IBM SP scheduling system", 1995: EASY backfilling).
 */
import { refusalOf, slotsFor } from '../feasibility.ts';
import type { PlacementNode, PlacementTask } from '../placement.ts';

/** Slots of a node, and when they come free, as far as is known. */
export interface Ending {
  readonly slots: number;
  readonly inMs: number;
}

export interface Reservation {
  readonly node: string;
  /** Until the task has room there. */
  readonly inMs: number;
}

/** Undefined when the task needs no more than a slot, or no node will have room for it. */
export function reserveFor(
  task: PlacementTask,
  nodes: readonly PlacementNode[],
  endingsOn: (node: PlacementNode) => readonly Ending[],
): Reservation | undefined {
  let best: Reservation | undefined;
  for (const node of nodes) {
    if (slotsFor(task, node) === 1 || refusalOf(task, node) !== undefined) continue;
    const inMs = roomIn(slotsFor(task, node) - (node.slots - node.held), endingsOn(node));
    if (inMs !== undefined && inMs < (best?.inMs ?? Infinity)) best = { node: node.id, inMs };
  }
  return best;
}

/** The nodes for work that usually takes `usualMs`: without the reserved one, unless it is over before. */
export function besides(
  reservation: Reservation,
  nodes: readonly PlacementNode[],
  usualMs: number | undefined,
): readonly PlacementNode[] {
  if (usualMs !== undefined && usualMs < reservation.inMs) return nodes;
  return nodes.filter(({ id }) => id !== reservation.node);
}

/** When so many slots more are free. */
function roomIn(slots: number, endings: readonly Ending[]): number | undefined {
  if (slots <= 0) return 0;
  let wanted = slots;
  for (const ending of endings.toSorted((a, b) => a.inMs - b.inMs)) {
    wanted -= ending.slots;
    if (wanted <= 0) return ending.inMs;
  }
  return undefined;
}
