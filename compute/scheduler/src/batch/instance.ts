/** A batch and a fleet as tables of numbers, which thousands of plans are measured against. */
import type { PlacementNode, PlacementTask } from '../placement.ts';
import type { PairRules } from './eligibility.ts';
import { expectedRanges } from './expected-ranges.ts';
import { groupKinds } from './kinds.ts';
import { nodesToConsider } from './nodes-to-consider.ts';
import { type NodeTables, nodeTables } from './node-tables.ts';
import { type PairTables, pairTables } from './pair-tables.ts';
import { type TaskTables, taskTables } from './task-tables.ts';

export interface Instance extends NodeTables, PairTables, TaskTables {
  readonly tasks: readonly PlacementTask[];
  /** Those considered; all of them unless fleet and batch are very large. */
  readonly nodes: readonly PlacementNode[];
  readonly kinds: readonly PlacementTask[];
  /** By pair, the utilisation that one task adds. */
  readonly load: Float64Array;
  /** Utilisation before the batch, by node. */
  readonly busy: Float64Array;
  /** Nodes that can take anything of the batch. */
  readonly usable: Int32Array;
  /** By objective, how far apart plans may be expected to be; never 0. */
  readonly ranges: Float64Array;
  /** Nodes that can take the task. */
  eligibleOf(turn: number): Int32Array;
}

export function createInstance(
  tasks: readonly PlacementTask[],
  fleet: readonly PlacementNode[],
  rules: PairRules,
): Instance {
  const { kinds, kindOf } = groupKinds(tasks);
  const nodes = nodesToConsider(kinds, fleet, rules);
  const onNodes = nodeTables(nodes);
  const pairs = pairTables(kinds, nodes, onNodes, rules);
  const onTasks = taskTables(tasks, kindOf, pairs);
  const parts = { tasks, nodes, kinds, ...onNodes, ...pairs, ...onTasks };
  const usable = usableOf(pairs, nodes.length);
  const horizonMs = horizonOf(parts, usable.length);
  const load = pairs.share.map((share, pair) => {
    const isAtOnce = pairs.isKindAtOnce[Math.floor(pair / nodes.length)] === 1;
    return isAtOnce ? share : (share * (pairs.runMs[pair] as number)) / horizonMs;
  });
  const busy = Float64Array.from(nodes, ({ queuedMs, held, slots }) =>
    queuedMs === undefined ? held / Math.max(1, slots) : queuedMs / horizonMs,
  );
  const ranges = expectedRanges({ ...parts, load, usable, horizonMs });
  const eligibleOf = (turn: number): Int32Array =>
    pairs.eligible[onTasks.kindOf[turn] as number] as Int32Array;
  return { ...parts, usable, load, busy, ranges, eligibleOf };
}

function usableOf({ eligible }: PairTables, nodes: number): Int32Array {
  const isUsable = new Uint8Array(nodes);
  for (const able of eligible) for (const node of able) isUsable[node] = 1;
  return Int32Array.from(isUsable.keys()).filter((node) => isUsable[node] === 1);
}

/**
 * How long the batch would take if each kind could be spread over its nodes, and all of it over all nodes, perfectly:
 * utilisation 1 is to be busy for that long.
 */
function horizonOf(
  parts: PairTables & TaskTables & { readonly nodes: readonly PlacementNode[] },
  usable: number,
): number {
  let work = 0;
  let longest = 1;
  for (const [kind, able] of parts.eligible.entries()) {
    if (parts.isKindAtOnce[kind] === 1 || able.length === 0) continue;
    let shortest = Infinity;
    let rate = 0;
    for (const node of able) {
      const pair = kind * parts.nodes.length + node;
      const run = parts.runMs[pair] as number;
      shortest = Math.min(shortest, run);
      rate += 1 / (run * (parts.share[pair] as number));
    }
    work += ((parts.kindCount[kind] as number) * able.length) / rate;
    longest = Math.max(longest, shortest);
  }
  return Math.max(longest, work / Math.max(1, usable));
}
