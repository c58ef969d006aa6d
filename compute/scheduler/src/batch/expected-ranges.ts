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
  const { distrust, cost, quote, load, rttMs, queuedMs, runMs, transferMs } = parts;
  const { isKindAtOnce, kindCount } = parts;
  const nodes = rttMs.length;
  const count = Math.max(1, parts.order.length);
  const spread = new Float64Array(OBJECTIVES);
  const add = (at: number, amount: number): void => {
    spread[at] = (spread[at] as number) + amount;
  };
  for (const [kind, able] of parts.eligible.entries()) {
    const tasks = kindCount[kind] as number;
    if (tasks === 0) continue;
    const row = kind * nodes;
    const isAtOnce = isKindAtOnce[kind] === 1;
    const latency = (node: number): number =>
      (rttMs[node] as number) +
      (isAtOnce ? 0 : (queuedMs[node] as number)) +
      (transferMs[row + node] as number) +
      (runMs[row + node] as number);
    const queue = isAtOnce ? 0 : parts.horizonMs / 2;
    const mean = meanOf(able, load.subarray(row, row + nodes));
    add(0, ((spreadOf(able, latency) + queue) * tasks) / count);
    add(1, (mean * tasks) / Math.max(1, parts.usable.length));
    add(2, (spreadOf(able, (node) => distrust[node] as number) * tasks) / count);
    add(3, spreadOf(able, (node) => cost[row + node] as number) * tasks);
    add(4, spreadOf(able, (node) => quote[row + node] as number) * tasks);
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

function meanOf(able: Int32Array, values: Float64Array): number {
  let total = 0;
  for (const node of able) total += values[node] as number;
  return total / Math.max(1, able.length);
}
