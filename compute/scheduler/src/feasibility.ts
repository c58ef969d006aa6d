import type { PlacementNode, PlacementTask, Refusal } from './placement.ts';
import { priceOf } from './quote.ts';

/** Trust a foreign node needs for confidential work. */
export const CONFIDENTIAL_TRUST = 0.5;

/** The first hard reason against this pair, or undefined. Asked for each pair of each decision. */
export function refusalOf(task: PlacementTask, node: PlacementNode): Refusal | undefined {
  return node.closed ?? cannotRun(task, node) ?? lackOf(task, node) ?? breaksWish(task, node);
}

function cannotRun(task: PlacementTask, node: PlacementNode): Refusal | undefined {
  if (!node.runtimes.includes(task.runtime)) return 'runtime';
  // Without an operating-system sandbox the language runtime is the only wall, and only wasm has a good one.
  const isWalled = node.sandboxLevel === 'os' || task.runtime === 'wasm';
  return isWalled || task.owner === node.owner ? undefined : 'sandbox-level';
}

/** What the node is too small in, at any time. */
export function lackOf(task: PlacementTask, node: PlacementNode): Refusal | undefined {
  if (task.memoryBytes > node.memoryBytes) return 'memory';
  if (task.cores !== undefined && task.cores > (node.cores ?? 1)) return 'cores';
  if (task.diskBytes !== undefined && task.diskBytes > (node.diskBytes ?? 0)) return 'disk';
  if (task.gpus !== undefined && task.gpus > (node.gpus ?? 0)) return 'gpu';
  return undefined;
}

/** What the submitter asked for. */
function breaksWish(task: PlacementTask, node: PlacementNode): Refusal | undefined {
  if (task.labels !== undefined && !carries(node.labels, task.labels)) return 'labels';
  if (task.region !== undefined && task.region !== node.region) return 'region';
  if (task.minTrust !== undefined && (node.trust ?? 0) < task.minTrust) return 'trust';
  if (task.maxPrice !== undefined && priceOf(task, node) > task.maxPrice.credits) return 'price';
  return breaksPrivacy(task, node) ? 'privacy' : excludedAs(task, node);
}

/** By name, or for the other copies of the task. */
function excludedAs(task: PlacementTask, node: PlacementNode): Refusal | undefined {
  if (task.excludedNodes?.has(node.id) === true) return 'excluded';
  if (task.excludedOwners?.has(node.owner) === true) return 'same-owner';
  return isTooNear(task.excludedRegions, node.region) ? 'same-region' : undefined;
}

/** A node that names no region may be in any of them. */
function isTooNear(excluded: ReadonlySet<string> | undefined, region: string | undefined): boolean {
  return excluded !== undefined && (region === undefined || excluded.has(region));
}

function carries(
  labels: Readonly<Record<string, string>> | undefined,
  wanted: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(wanted).every(([name, value]) => labels?.[name] === value);
}

/**
 * `private` asks for an operating-system sandbox, `confidential` for trust as well, `secret` for the
 * submitter's own machines.
 */
function breaksPrivacy(task: PlacementTask, node: PlacementNode): boolean {
  if (task.privacy === undefined || task.privacy === 'public') return false;
  if (task.owner === node.owner) return false;
  if (task.privacy === 'secret' || node.sandboxLevel !== 'os') return true;
  return task.privacy === 'confidential' && (node.trust ?? 0) < CONFIDENTIAL_TRUST;
}

/** Slots for such tasks, those queued ahead counted; what asks for cores, disk or a GPU is not queued ahead. */
function slotWindow(task: PlacementTask, node: PlacementNode): number {
  const heavy = task.cores !== undefined || task.gpus !== undefined || task.diskBytes !== undefined;
  return node.slots * (heavy ? 1 : task.depth);
}

/** A sum of cores may miss the whole by a rounding. */
const ROUNDING = 1e-9;

/** Slots that the task takes while it runs: who asks for more cores than a slot has takes several. */
export function slotsFor(
  { cores }: Pick<PlacementTask, 'cores'>,
  node: Pick<PlacementNode, 'cores' | 'slots' | 'allSlots'>,
): number {
  if (cores === undefined || cores <= 1) return 1;
  const slots = node.allSlots ?? node.slots;
  const wanted = (cores * slots) / (node.cores ?? slots);
  return Math.max(1, Math.ceil(wanted - ROUNDING));
}

/** Slots that are in use, or waited for; those of services and wide tasks as well. */
export function takenOf({ slots, allSlots = slots, held }: PlacementNode): number {
  return allSlots - slots + held;
}

/** Such tasks that the node could take now. */
export function roomFor(task: PlacementTask, node: PlacementNode): number {
  const slots = slotsFor(task, node);
  const window = slotWindow(task, node) - node.held;
  return Math.min(
    node.credit - node.held,
    slots === 1 ? window : Math.floor(window / slots),
    timesIn((node.gpus ?? 0) - (node.gpusHeld ?? 0), task.gpus),
    timesIn((node.diskBytes ?? 0) - (node.diskHeld ?? 0), task.diskBytes),
    memoryRoom(task, node, slots),
  );
}

function memoryRoom({ memoryBytes }: PlacementTask, node: PlacementNode, slots: number): number {
  const { memoryHeld = 0, memoryLeast = Infinity } = node;
  const atOnce = timesIn(node.memoryBytes - memoryHeld, memoryBytes);
  const isQueued = slots === 1 && atOnce >= node.slots - node.held;
  return isQueued && memoryHeld <= node.memoryBytes && memoryBytes <= memoryLeast
    ? Infinity
    : atOnce;
}

function timesIn(free: number, wanted = 0): number {
  return wanted === 0 ? Infinity : Math.floor(free / wanted);
}

/** The node with one more task, as it will be described when it holds the lease. */
export function withTask(node: PlacementNode, task: PlacementTask): PlacementNode {
  const slots = slotsFor(task, node);
  const { memoryHeld = 0, memoryLeast = Infinity, allSlots = node.slots } = node;
  const isQueued = slots === 1 && node.held >= node.slots && task.memoryBytes <= memoryLeast;
  const loaded = {
    ...node,
    allSlots,
    gpusHeld: (node.gpusHeld ?? 0) + (task.gpus ?? 0),
    diskHeld: (node.diskHeld ?? 0) + (task.diskBytes ?? 0),
    memoryHeld: memoryHeld + (isQueued ? 0 : task.memoryBytes),
  };
  // Nothing waits behind a wide task: its slots are gone.
  if (slots > 1) return { ...loaded, slots: node.slots - slots, credit: node.credit - 1 };
  const least = Math.min(memoryLeast, task.memoryBytes);
  return { ...loaded, held: node.held + 1, memoryLeast: least };
}

/** As `refusalOf`, and `full` when it could take the task at another time. */
export function refusalNow(task: PlacementTask, node: PlacementNode): Refusal | undefined {
  return refusalOf(task, node) ?? (roomFor(task, node) < 1 ? 'full' : undefined);
}
