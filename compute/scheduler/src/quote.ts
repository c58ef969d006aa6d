/** What a task pays: the one formula for quotes, plans and the highest price of a job. */
import { TIER_PROMISES } from '@fog/wire';
import type { PlacementNode, PlacementTask } from './placement.ts';

/** A full node asks this part more than an idle one. */
const CONGESTION_SURCHARGE = 0.3;
const BYTES_PER_GB = 1e9;

export interface QuoteTerms {
  readonly hours: number;
  /** Share of the node that is busy. */
  readonly congestion: number;
}

/** µ-credits the owner asks for what the task holds for so long. */
export function askingPrice(task: PlacementTask, { prices }: PlacementNode, hours: number): number {
  if (prices === undefined) return 0;
  const anHour =
    (task.cores ?? 1) * prices.cpuHour +
    (task.memoryBytes / BYTES_PER_GB) * prices.gbHour +
    (task.gpus ?? 0) * prices.gpuHour;
  return anHour * hours;
}

/** The asking price with spot discount, factor of the tier and congestion; all copies of the task are in it. */
export function quotedPrice(task: PlacementTask, node: PlacementNode, terms: QuoteTerms): number {
  const discount = task.isSpot === true ? 1 - (node.prices?.spotDiscount ?? 0) : 1;
  const { priceFactor } = TIER_PROMISES[task.tier ?? 'bronze'];
  const surcharge = 1 + CONGESTION_SURCHARGE * terms.congestion;
  return askingPrice(task, node, terms.hours) * discount * priceFactor * surcharge;
}

/** Share of the node's slots that have work now. */
export function congestionOf({ held, slots }: PlacementNode): number {
  return slots === 0 ? 1 : Math.min(1, Math.max(0, held / slots));
}

/** µ-credits the task costs on the node now if it runs until its timeout; 0 for a task that does not ask. */
export function priceOf(task: PlacementTask, node: PlacementNode): number {
  if (task.maxPrice === undefined) return 0;
  return quotedPrice(task, node, { hours: task.maxPrice.hours, congestion: congestionOf(node) });
}
