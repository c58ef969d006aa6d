/**
 * A task that needs several slots of one machine finds them only if nobody takes each as it comes free. For the
 * most urgent such task one node is kept, the one that will have room soonest; other work passes it on all other
 * nodes, and on that one if it is over before (Lifka, "The ANL/IBM SP scheduling system", 1995: EASY backfilling).
 */
import { refusalOf, slotsFor } from '../feasibility.ts';
import type { PlacementNode, PlacementTask } from '../placement.ts';

/** Slots and GPUs of a node, and when they come free, as far as is known. */
export interface Ending {
  readonly slots: number;
  readonly gpus?: number;
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
    const inMs = roomIn(missingOn(task, node), endingsOn(node));
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

type Missing = Required<Pick<Ending, 'slots' | 'gpus'>>;

function missingOn(task: PlacementTask, node: PlacementNode): Missing {
  const { held, gpus = 0, gpusHeld = 0 } = node;
  const wanted = task.gpus ?? 0;
  const slots = slotsFor(task, node) - (node.slots - held);
  return { slots, gpus: wanted === 0 ? 0 : wanted - (gpus - gpusHeld) };
}

/** When so many slots and GPUs more are free. */
function roomIn({ slots, gpus }: Missing, endings: readonly Ending[]): number | undefined {
  const wanted = { slots, gpus };
  const isThere = (): boolean => wanted.slots <= 0 && wanted.gpus <= 0;
  if (isThere()) return 0;
  for (const ending of endings.toSorted((a, b) => a.inMs - b.inMs)) {
    wanted.slots -= ending.slots;
    wanted.gpus -= ending.gpus ?? 0;
    if (isThere()) return ending.inMs;
  }
  return undefined;
}
