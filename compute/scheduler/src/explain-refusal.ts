import { formatSize } from '@fog/kernel';
import { CONFIDENTIAL_TRUST, slotsFor } from './feasibility.ts';
import type { PlacementNode, PlacementTask, Refusal } from './placement.ts';
import { priceOf } from './quote.ts';

type Words = (task: PlacementTask, node: PlacementNode) => string;

/** Continues a sentence that begins with the node's name. */
const WORDS: Readonly<Record<Refusal, Words>> = {
  runtime: (task) => `cannot run ${task.runtime}`,
  'sandbox-level': (task) =>
    `runs ${task.runtime} of its own owner only, because it has no bubblewrap`,
  memory: (task, node) =>
    lacks(`${formatSize(node.memoryBytes)} of memory`, formatSize(task.memoryBytes)),
  cores: (task, node) => lacks(counted(node.cores ?? 1, 'core'), task.cores ?? 0),
  disk: (task, node) =>
    lacks(`${formatSize(node.diskBytes ?? 0)} of disk`, formatSize(task.diskBytes ?? 0)),
  gpu: (task, node) => lacks(counted(node.gpus ?? 0, 'GPU'), task.gpus ?? 0),
  labels: (task, node) => `does not have the label ${missingLabels(task, node)}`,
  region: (task, node) => `is in ${node.region ?? 'no known region'}, not in ${task.region}`,
  trust: (task, node) =>
    `has a trust of ${(node.trust ?? 0).toFixed(2)}, and the job asks for ${task.minTrust}`,
  price: (task, node) =>
    `could cost ${credits(priceOf(task, node))} for one task, and the job pays ${credits(task.maxPrice?.credits ?? 0)}`,
  privacy: (task) =>
    task.privacy === 'secret'
      ? 'belongs to another owner, and the job is secret'
      : `has no bubblewrap or a trust below ${CONFIDENTIAL_TRUST}, and the job is ${task.privacy}`,
  excluded: () => 'is excluded by the job',
  'same-owner': () => 'belongs to an owner that has a copy of this task already',
  'same-region': (_task, node) =>
    node.region === undefined
      ? 'names no region, and the copies must be in different ones'
      : `is in ${node.region}, as another copy of this task`,
  draining: () => 'is draining',
  maintenance: () => 'is in maintenance',
  cooling: () => 'cools down after failures',
  full: whatIsTaken,
};

/** Why the node cannot take the task, to be read after the node's name. */
export function explainRefusal(refusal: Refusal, task: PlacementTask, node: PlacementNode): string {
  return WORDS[refusal](task, node);
}

/** From µ-credits. */
function credits(amount: number): string {
  return `${(amount / 1e6).toFixed(6).replace(/\.?0+$/, '')} credits`;
}

function whatIsTaken(task: PlacementTask, node: PlacementNode): string {
  const slots = slotsFor(task, node);
  if (node.slots - node.held >= slots) {
    const { memoryHeld = 0, diskHeld = 0, gpusHeld = 0 } = node;
    if ((task.gpus ?? 0) > (node.gpus ?? 0) - gpusHeld) return 'has no free GPU for it';
    if (task.memoryBytes > node.memoryBytes - memoryHeld)
      return 'has not enough memory free for it';
    if ((task.diskBytes ?? 0) > (node.diskBytes ?? 0) - diskHeld)
      return 'has not enough disk free for it';
  }
  return slots === 1 ? 'has no free slot' : `does not have ${slots} free slots`;
}

function lacks(has: string, wanted: string | number): string {
  return `has ${has}, and the job asks for ${wanted}`;
}

function counted(count: number, what: string): string {
  return count === 1 ? `1 ${what}` : `${count} ${what}s`;
}

function missingLabels(task: PlacementTask, node: PlacementNode): string {
  return Object.entries(task.labels ?? {})
    .filter(([name, value]) => node.labels?.[name] !== value)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ');
}
