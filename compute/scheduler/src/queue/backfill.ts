/**
 * A task that needs several slots of one machine, or much of its memory or disk, finds them only if nobody takes each
 * part as it comes free. For the most urgent such task one node is kept, the one that will have room soonest; other
 * work passes it on all other nodes, and on that one if it is over before (Lifka, "The ANL/IBM SP scheduling system",
 * 1995: EASY backfilling).
 */
import { refusalOf, slotsFor } from '../feasibility.ts';
import type { PlacementNode, PlacementTask } from '../placement.ts';

/** Parts of a node that come free, and when, as far as is known. */
export interface Ending extends Partial<Parts> {
  readonly slots: number;
  readonly inMs: number;
}

export interface Reservation {
  readonly node: string;
  /** Until the task has room there. */
  readonly inMs: number;
}

/** Undefined when the next task that ends leaves enough for it, or no node will have room for it. */
export function reserveFor(
  task: PlacementTask,
  nodes: readonly PlacementNode[],
  endingsOn: (node: PlacementNode) => readonly Ending[],
): Reservation | undefined {
  let best: Reservation | undefined;
  for (const node of nodes) {
    if (refusalOf(task, node) !== undefined) continue;
    const missing = missingOn(task, node);
    if (isSmall(task, node, missing)) return undefined;
    const inMs = roomIn(missing, endingsOn(node));
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

interface Parts {
  readonly slots: number;
  readonly gpus: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
}

const PARTS = ['slots', 'gpus', 'memoryBytes', 'diskBytes'] as const;

function missingOn(task: PlacementTask, node: PlacementNode): Parts {
  const { held, gpus = 0, gpusHeld = 0, diskBytes = 0, diskHeld = 0, memoryHeld = 0 } = node;
  const beyond = (wanted = 0, free: number): number => (wanted === 0 ? 0 : wanted - free);
  return {
    slots: slotsFor(task, node) - (node.slots - held),
    gpus: beyond(task.gpus, gpus - gpusHeld),
    memoryBytes: task.memoryBytes - (node.memoryBytes - memoryHeld),
    diskBytes: beyond(task.diskBytes, diskBytes - diskHeld),
  };
}

/** Whichever task ends next leaves room for it: it takes that, for its turn is first. */
function isSmall(task: PlacementTask, node: PlacementNode, missing: Parts): boolean {
  if (slotsFor(task, node) > 1 || (task.gpus ?? 0) > 1) return false;
  const { memoryLeast = 0 } = node;
  const isLight = missing.memoryBytes <= 0 || task.memoryBytes <= memoryLeast;
  return isLight && missing.diskBytes <= 0;
}

/** When so much more is free. */
function roomIn(missing: Parts, endings: readonly Ending[]): number | undefined {
  const wanted = { ...missing };
  const isThere = (): boolean => PARTS.every((part) => wanted[part] <= 0);
  if (isThere()) return 0;
  for (const ending of endings.toSorted((a, b) => a.inMs - b.inMs)) {
    for (const part of PARTS) wanted[part] -= ending[part] ?? 0;
    if (isThere()) return ending.inMs;
  }
  return undefined;
}
