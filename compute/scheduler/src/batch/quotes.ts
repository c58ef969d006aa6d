import type { PlacementNode, PlacementTask } from '../placement.ts';
import { askingPrice, quotedPrice } from '../quote.ts';
import type { Quotes } from './batch-placement.ts';

const MS_PER_HOUR = 3_600_000;
/** For a task of which nothing is known: short enough not to hold back what waits behind it. */
const DEFAULT_RUN_MS = 1_000;

/** Asking price with spot discount, tier and congestion; until a market says otherwise. */
export const askingQuotes: Quotes = {
  quote: (task, node, congestion) =>
    quotedPrice(task, node, { hours: expectedRunMs(task, node) / MS_PER_HOUR, congestion }),
};

/** Milliseconds the task is expected to run on the node. */
export function expectedRunMs(task: PlacementTask, node: PlacementNode): number {
  return (task.expectedMs ?? DEFAULT_RUN_MS) / (node.speed ?? 1);
}

/** µ-credits at the prices the owner asks, for the expected run. */
export function expectedCost(task: PlacementTask, node: PlacementNode): number {
  return askingPrice(task, node, expectedRunMs(task, node) / MS_PER_HOUR);
}
