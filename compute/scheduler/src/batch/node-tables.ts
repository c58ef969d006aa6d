import type { PlacementNode } from '../placement.ts';
import { rttOf } from './eligibility.ts';

/** Slots, cores, memory, disk, GPUs. */
export const RESOURCES = 5;
const MEMORY = 2;
const DISK = 3;
const GPUS = 4;
/** Trust of a node of which nothing is known. */
const UNKNOWN_TRUST = 0.3;

/** By node; `capacity` and `free` have `RESOURCES` values for each. */
export interface NodeTables {
  readonly capacity: Float64Array;
  /** Capacity that leases held now leave. */
  readonly free: Float64Array;
  readonly rttMs: Float64Array;
  readonly queuedMs: Float64Array;
  readonly distrust: Float64Array;
  readonly ownerOf: Int32Array;
}

export function nodeTables(nodes: readonly PlacementNode[]): NodeTables {
  const owners = new Map<string, number>();
  const capacity = new Float64Array(nodes.length * RESOURCES);
  const free = new Float64Array(nodes.length * RESOURCES);
  const ownerOf = new Int32Array(nodes.length);
  for (const [index, node] of nodes.entries()) {
    const { slots, memoryBytes, cores = slots, diskBytes = 0, gpus = 0 } = node;
    // Services keep their slots, and the cores of these.
    const coresLeft = cores * (slots / Math.max(1, node.allSlots ?? slots));
    capacity.set([slots, coresLeft, memoryBytes, diskBytes, gpus], index * RESOURCES);
    const left = slots === 0 ? 0 : Math.max(0, slots - node.held) / slots;
    for (let at = index * RESOURCES; at < (index + 1) * RESOURCES; at += 1)
      free[at] = (capacity[at] as number) * left;
    const rest = (at: number, all: number, held: number | undefined): void => {
      if (held !== undefined) free[index * RESOURCES + at] = Math.max(0, all - held);
    };
    rest(MEMORY, memoryBytes, node.memoryHeld);
    rest(DISK, diskBytes, node.diskHeld);
    rest(GPUS, gpus, node.gpusHeld ?? 0);
    const owner = owners.get(node.owner) ?? owners.size;
    owners.set(node.owner, owner);
    ownerOf[index] = owner;
  }
  return {
    capacity,
    free,
    ownerOf,
    rttMs: Float64Array.from(nodes, rttOf),
    queuedMs: Float64Array.from(nodes, (node) => node.queuedMs ?? 0),
    distrust: Float64Array.from(
      nodes,
      (node) => 1 - (node.trustSample ?? node.trust ?? UNKNOWN_TRUST),
    ),
  };
}
