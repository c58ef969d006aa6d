import type { PlacementNode, PlacementTask, Refusal } from './placement.ts';

type Check = (task: PlacementTask, node: PlacementNode) => boolean;

/** Trust a foreign node needs for confidential work. */
export const CONFIDENTIAL_TRUST = 0.5;

/** What a machine has or has not, whatever happens. */
const RESOURCES: readonly (readonly [Refusal, Check])[] = [
  ['memory', (task, node) => task.memoryBytes > node.memoryBytes],
  ['cores', (task, node) => task.cores !== undefined && task.cores > (node.cores ?? 1)],
  ['disk', (task, node) => task.diskBytes !== undefined && task.diskBytes > (node.diskBytes ?? 0)],
  ['gpu', (task, node) => task.gpus !== undefined && task.gpus > (node.gpus ?? 0)],
];

/** What makes a node unfit, in the order it is told. */
const CHECKS: readonly (readonly [Refusal, Check])[] = [
  ['runtime', (task, node) => !node.runtimes.includes(task.runtime)],
  // Without an operating-system sandbox the language runtime is the only wall, and only wasm has a good one.
  [
    'sandbox-level',
    (task, node) =>
      node.sandboxLevel !== 'os' && task.runtime !== 'wasm' && task.owner !== node.owner,
  ],
  ...RESOURCES,
  ['labels', (task, node) => task.labels !== undefined && !carries(node.labels, task.labels)],
  ['region', (task, node) => task.region !== undefined && task.region !== node.region],
  ['trust', (task, node) => task.minTrust !== undefined && (node.trust ?? 0) < task.minTrust],
  ['price', (task, node) => priceOf(task, node) > (task.maxPrice?.credits ?? Infinity)],
  ['privacy', breaksPrivacy],
  ['excluded', (task, node) => task.excludedNodes?.has(node.id) === true],
  ['same-owner', (task, node) => task.excludedOwners?.has(node.owner) === true],
];

/** A hard reason against this pair, or undefined. */
export function refusalOf(task: PlacementTask, node: PlacementNode): Refusal | undefined {
  return node.closed ?? firstOf(CHECKS, task, node);
}

/** What the node is too small in, at any time. */
export function lackOf(task: PlacementTask, node: PlacementNode): Refusal | undefined {
  return firstOf(RESOURCES, task, node);
}

function firstOf(
  checks: readonly (readonly [Refusal, Check])[],
  task: PlacementTask,
  node: PlacementNode,
): Refusal | undefined {
  for (const [refusal, isUnfit] of checks) if (isUnfit(task, node)) return refusal;
  return undefined;
}

const BYTES_PER_GB = 1e9;

/** µ-credits the task costs on the node if it runs until its timeout; 0 for a task that does not ask. */
export function priceOf(task: PlacementTask, { prices }: PlacementNode): number {
  if (task.maxPrice === undefined || prices === undefined) return 0;
  const anHour =
    (task.cores ?? 1) * prices.cpuHour +
    (task.memoryBytes / BYTES_PER_GB) * prices.gbHour +
    (task.gpus ?? 0) * prices.gpuHour;
  return anHour * task.maxPrice.hours;
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

/** Leases of such tasks the node may hold; what asks for cores, disk or a GPU is not queued there ahead. */
export function leaseWindow(task: PlacementTask, node: PlacementNode): number {
  const heavy = task.cores !== undefined || task.gpus !== undefined || task.diskBytes !== undefined;
  return Math.min(node.credit, node.slots * (heavy ? 1 : task.depth));
}

/** As `refusalOf`, and `full` when it could take the task at another time. */
export function refusalNow(task: PlacementTask, node: PlacementNode): Refusal | undefined {
  return refusalOf(task, node) ?? (node.held >= leaseWindow(task, node) ? 'full' : undefined);
}
