import { askingPrice } from '../feasibility.ts';
import type { PlacementNode, PlacementTask } from '../placement.ts';
import type { Quotes } from './batch-placement.ts';

/** What a task pays by its tier, relative to bronze. */
const TIER_FACTOR = { bronze: 1, silver: 2.5, gold: 5, platinum: 8 } as const;
/** A full node asks this part more than an idle one. */
const CONGESTION_SURCHARGE = 0.3;
const MS_PER_HOUR = 3_600_000;
/** For a task of which nothing is known: short enough not to hold back what waits behind it. */
const DEFAULT_RUN_MS = 1_000;

/** Asking price with spot discount, tier and congestion; until a market says otherwise. */
export const askingQuotes: Quotes = {
  quote: (task, node, congestion) => {
    const discount = task.isSpot === true ? 1 - (node.prices?.spotDiscount ?? 0) : 1;
    const surcharge = 1 + CONGESTION_SURCHARGE * congestion;
    return expectedCost(task, node) * discount * TIER_FACTOR[task.tier ?? 'bronze'] * surcharge;
  },
};

/** Milliseconds the task is expected to run on the node. */
export function expectedRunMs(task: PlacementTask, node: PlacementNode): number {
  return (task.expectedMs ?? DEFAULT_RUN_MS) / (node.speed ?? 1);
}

/** µ-credits at the prices the owner asks, for the expected run. */
export function expectedCost(task: PlacementTask, node: PlacementNode): number {
  return askingPrice(task, node, expectedRunMs(task, node) / MS_PER_HOUR);
}
