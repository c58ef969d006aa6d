import { refusalOf } from '../feasibility.ts';
import type { PlacementNode, PlacementTask } from '../placement.ts';
import type { BatchOptions, PlanRefusal, Quotes } from './batch-placement.ts';
import { askingQuotes, expectedRunMs } from './quotes.ts';

/** Where nothing was measured: a home line. */
const DEFAULT_BANDWIDTH_MBPS = 20;
/** Where nothing was measured: across a continent. */
const DEFAULT_RTT_MS = 50;
/** Bits per millisecond of one Mbps. */
const BITS_PER_MS = 1_000;

export interface PairRules {
  readonly quotes: Quotes;
  readonly atOnce: boolean;
}

export function pairRules({ quotes = askingQuotes, atOnce = false }: BatchOptions): PairRules {
  return { quotes, atOnce };
}

/** What keeps such a task from the node whatever else is planned, or undefined. */
export function pairRefusal(
  task: PlacementTask,
  node: PlacementNode,
  rules: PairRules,
): PlanRefusal | undefined {
  const refusal = refusalOf(task, node);
  if (refusal !== undefined) return refusal;
  // All its slots belong to services, which do not end.
  if (node.slots === 0) return 'full';
  if (task.maxPrice !== undefined && rules.quotes.quote(task, node, 1) > task.maxPrice.credits)
    return 'price';
  if (task.dueInMs === undefined) return undefined;
  const queuedMs = startsAtOnce(task, rules) ? 0 : (node.queuedMs ?? 0);
  const soonestMs = rttOf(node) + queuedMs + transferMs(task, node) + expectedRunMs(task, node);
  return soonestMs > task.dueInMs ? 'deadline' : undefined;
}

/** It holds its share of its node from the start, and never queues. */
export function startsAtOnce(task: PlacementTask, { atOnce }: PairRules): boolean {
  return atOnce || task.gang !== undefined;
}

export function rttOf(node: PlacementNode): number {
  return node.rttMs ?? DEFAULT_RTT_MS;
}

/** Milliseconds to move the inputs of the task to the node. */
export function transferMs(task: PlacementTask, node: PlacementNode): number {
  if (task.inputBytes === undefined) return 0;
  if (task.module !== undefined && node.warm?.has(task.module) === true) return 0;
  const bits = task.inputBytes * 8;
  return bits / ((node.bandwidthMbps ?? DEFAULT_BANDWIDTH_MBPS) * BITS_PER_MS);
}
