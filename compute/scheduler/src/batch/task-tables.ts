import type { PlacementTask } from '../placement.ts';
import type { PairTables } from './pair-tables.ts';

/** Due time of a task that has none; finite, so that it can be compared by a difference. */
export const NEVER: number = Number.MAX_VALUE;

/**
 * Tasks are numbered by their turn on a node: what starts at once first, the largest ahead, then by due time, then
 * as they were given.
 */
export interface TaskTables {
  /** Indices of the given tasks by turn, without those that no node can take. */
  readonly order: Int32Array;
  /** The others. */
  readonly hopeless: readonly number[];
  readonly kindOfGiven: Int32Array;
  readonly kindOf: Int32Array;
  readonly dueMs: Float64Array;
  /** Number of the group whose tasks go to different owners, or -1. */
  readonly apartOf: Int32Array;
  readonly apartMembers: readonly (readonly number[])[];
  /** Number of the group whose tasks start together, or -1. */
  readonly gangNumber: Int32Array;
  readonly gangMembers: readonly (readonly number[])[];
  /** Tasks by kind. */
  readonly kindCount: Int32Array;
}

export function taskTables(
  tasks: readonly PlacementTask[],
  kindOfGiven: Int32Array,
  { eligible, share, isKindAtOnce }: PairTables,
): TaskTables {
  const given = (index: number): PlacementTask => tasks[index] as PlacementTask;
  const kind = (index: number): number => kindOfGiven[index] as number;
  const all = [...tasks.keys()];
  const lost = lostGangs(tasks, (index) => eligible[kind(index)]?.length === 0);
  const able = (index: number): boolean =>
    eligible[kind(index)]?.length !== 0 && !lost.has(given(index).gang);
  const size = sizesOf(eligible, share);
  const turn = (a: number, b: number): number => {
    const [first, second] = [isKindAtOnce[kind(a)] as number, isKindAtOnce[kind(b)] as number];
    if (first !== second) return second - first;
    if (first === 0) return dueOf(given(a)) - dueOf(given(b)) || a - b;
    return (size[kind(b)] as number) - (size[kind(a)] as number) || a - b;
  };
  const order = Int32Array.from(all.filter(able).toSorted(turn));
  const apart = groupsOf(Array.from(order, (index) => given(index).apart));
  const gangs = groupsOf(Array.from(order, (index) => given(index).gang));
  const kindOf = order.map(kind);
  const kindCount = new Int32Array(eligible.length);
  for (const each of kindOf) kindCount[each] = (kindCount[each] as number) + 1;
  return {
    order,
    hopeless: all.filter((index) => !able(index)),
    kindOfGiven,
    kindOf,
    kindCount,
    dueMs: Float64Array.from(order, (index) => dueOf(given(index))),
    apartOf: apart.groupOf,
    apartMembers: apart.members,
    gangNumber: gangs.groupOf,
    gangMembers: gangs.members,
  };
}

function dueOf(task: PlacementTask): number {
  return task.dueInMs ?? NEVER;
}

/** Gangs of which a task has no node. */
function lostGangs(
  tasks: readonly PlacementTask[],
  isLost: (index: number) => boolean,
): ReadonlySet<string | undefined> {
  const lost = new Set<string | undefined>();
  for (const [index, { gang }] of tasks.entries())
    if (gang !== undefined && isLost(index)) lost.add(gang);
  return lost;
}

/** Mean share of a node that a task of the kind holds. */
function sizesOf(eligible: readonly Int32Array[], share: Float64Array): number[] {
  const nodes = share.length / Math.max(1, eligible.length);
  return eligible.map((able, kind) => {
    let total = 0;
    for (const node of able) total += share[kind * nodes + node] as number;
    return total / Math.max(1, able.length);
  });
}

function groupsOf(names: readonly (string | undefined)[]): {
  readonly groupOf: Int32Array;
  readonly members: readonly (readonly number[])[];
} {
  const numbers = new Map<string, number>();
  const members: number[][] = [];
  const groupOf = Int32Array.from(names, (name, turn) => {
    if (name === undefined) return -1;
    const group = numbers.get(name) ?? numbers.size;
    numbers.set(name, group);
    (members[group] ??= []).push(turn);
    return group;
  });
  return { groupOf, members };
}
