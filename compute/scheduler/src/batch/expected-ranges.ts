import type { NodeTables } from './node-tables.ts';
import type { PairTables } from './pair-tables.ts';
import type { TaskTables } from './task-tables.ts';

/** The objectives of a plan, in the order of all tables. */
export const OBJECTIVES = 5;

type Parts = NodeTables &
  PairTables &
  TaskTables & {
    readonly load: Float64Array;
    readonly usable: Int32Array;
    readonly horizonMs: number;
  };

/**
 * By objective how far apart plans may be expected to be, so that weights mean the same for milliseconds and
 * credits. From what single tasks have on their best and their worst node.
 */
export function expectedRanges(parts: Parts): Float64Array {
  const { distrust, cost, quote, rttMs, queuedMs, runMs, isKindAtOnce, kindCount } = parts;
  const nodes = rttMs.length;
  const count = Math.max(1, parts.order.length);
  const spread = new Float64Array(OBJECTIVES);
  const add = (at: number, amount: number): void => {
    spread[at] = (spread[at] as number) + amount;
  };
  for (const [kind, able] of parts.eligible.entries()) {
    const tasks = kindCount[kind] as number;
    if (tasks === 0) continue;
    const own = (table: Float64Array) => (node: number) => table[kind * nodes + node] as number;
    const latency = (node: number): number =>
      (rttMs[node] as number) +
      (isKindAtOnce[kind] === 1 ? 0 : (queuedMs[node] as number)) +
      own(parts.transferMs)(node) +
      own(runMs)(node);
    const queue = isKindAtOnce[kind] === 1 ? 0 : parts.horizonMs / 2;
    add(0, ((spreadOf(able, latency) + queue) * tasks) / count);
    add(1, (meanOf(able, own(parts.load)) * tasks) / Math.max(1, parts.usable.length));
    add(2, (spreadOf(able, (node) => distrust[node] as number) * tasks) / count);
    add(3, spreadOf(able, own(cost)) * tasks);
    add(4, spreadOf(able, own(quote)) * tasks);
  }
  // Variance of one half of the nodes with all of the load.
  spread[1] = (spread[1] as number) ** 2;
  return spread.map((range) => (range > 0 ? range : 1));
}

function spreadOf(able: Int32Array, value: (node: number) => number): number {
  let [least, most] = [Infinity, -Infinity];
  for (const node of able) {
    const each = value(node);
    least = Math.min(least, each);
    most = Math.max(most, each);
  }
  return Math.max(0, most - least);
}

function meanOf(able: Int32Array, value: (node: number) => number): number {
  let total = 0;
  for (const node of able) total += value(node);
  return total / Math.max(1, able.length);
}
