import type {
  Placement,
  PlacementNode,
  PlacementOptions,
  PlacementTask,
  Refusal,
} from './placement.ts';
import { route } from './routing/route.ts';
import { isForNewcomers, newcomersOf } from './newcomers.ts';
import { refusalNow, refusalOf, roomFor, takenOf, withTask } from './feasibility.ts';

/**
 * Assigns tasks to nodes. Pure: the same tasks, nodes and options give the same placement.
 * Greedy: each task in turn goes to the eligible node that would end it first, all its tries counted until one is
 * right; of such nodes, if much would have to be moved, to one that ran its program of late, and then to the one
 * with the least held work for its slots. Now and then a task is for those nobody knows yet.
 */
export function place(
  tasks: readonly PlacementTask[],
  nodes: readonly PlacementNode[],
  options: PlacementOptions,
): Placement {
  if (options.route !== undefined) return placeByRoute(tasks, nodes, options.route);
  const loaded = new Map<string, PlacementNode>();
  const assignments: { task: number; node: string }[] = [];
  const unplaced: number[] = [];
  // Where nothing is known of anybody, all are equal.
  const isTrustKnown = nodes.some(({ trust }) => trust !== undefined);
  const newcomers = newcomersOf(nodes);
  for (const [index, task] of tasks.entries()) {
    const turn = options.seed + index;
    const scan = { loaded, turn, isTrustKnown };
    const tried = isForNewcomers(task, turn) ? soonest(task, newcomers, scan) : undefined;
    const node = tried ?? soonest(task, nodes, scan);
    if (node === undefined) {
      unplaced.push(index);
      continue;
    }
    loaded.set(node.id, withTask(node, task));
    assignments.push({ task: index, node: node.id });
  }
  return { strategy: 'greedy', assignments, unplaced };
}

/** One task after the other, each seeing what those before it took. */
function placeByRoute(
  tasks: readonly PlacementTask[],
  nodes: readonly PlacementNode[],
  { strategy, state }: NonNullable<PlacementOptions['route']>,
): Placement {
  const fleet = [...nodes];
  const assignments: { task: number; node: string }[] = [];
  const unplaced: number[] = [];
  let { last } = state;
  for (const [index, task] of tasks.entries()) {
    const id = route(strategy, task, fleet, { ...state, last });
    const at = fleet.findIndex((one) => one.id === id);
    const node = fleet[at];
    if (node === undefined) {
      unplaced.push(index);
      continue;
    }
    fleet[at] = withTask(node, task);
    last = node.id;
    assignments.push({ task: index, node: node.id });
  }
  return { strategy, assignments, unplaced };
}

/** Tasks like this one that the nodes could take now, without assigning any. */
export function capacityFor(task: PlacementTask, nodes: readonly PlacementNode[]): number {
  let capacity = 0;
  for (const node of nodes) {
    if (refusalOf(task, node) === undefined) capacity += Math.max(0, roomFor(task, node));
  }
  return capacity;
}

/** Per node why it cannot take the task, or `full`; empty when some node could. */
export function explainPlacement(
  task: PlacementTask,
  nodes: readonly PlacementNode[],
): { readonly node: string; readonly refusal: Refusal }[] {
  const refusals: { node: string; refusal: Refusal }[] = [];
  for (const node of nodes) {
    const refusal = refusalNow(task, node);
    if (refusal === undefined) return [];
    refusals.push({ node: node.id, refusal });
  }
  return refusals;
}

interface Scan {
  /** Nodes that were given tasks, with these. */
  readonly loaded: ReadonlyMap<string, PlacementNode>;
  /** Rotates the scan so that equally good nodes take turns. */
  readonly turn: number;
  readonly isTrustKnown: boolean;
}

function soonest(
  task: PlacementTask,
  nodes: readonly PlacementNode[],
  { loaded, turn, isTrustKnown }: Scan,
): PlacementNode | undefined {
  const first = turn % Math.max(1, nodes.length);
  let best: Fit = { node: undefined, isAvoided: true, ends: Infinity, isWarm: false, load: 0 };
  for (let step = 0; step < nodes.length; step += 1) {
    const at = first + step;
    const given = nodes[at < nodes.length ? at : at - nodes.length];
    if (given === undefined) continue;
    const node = loaded.size === 0 ? given : (loaded.get(given.id) ?? given);
    const held = takenOf(node);
    const tries = isTrustKnown && node.owner !== task.owner ? triesOn(node) : 1;
    const ends =
      Math.max(1, (held + 1) / (node.allSlots ?? node.slots)) * slowness(node.speed) * tries;
    // Most nodes end here: what they may run is asked only of those that could be the best.
    if (ends > best.ends && !best.isAvoided) continue;
    if (roomFor(task, node) < 1 || refusalOf(task, node) !== undefined) continue;
    const fit = fitOf(task, node, { ends, held });
    if (isBetter(fit, best)) best = fit;
  }
  return best.node;
}

interface Fit {
  readonly node: PlacementNode | undefined;
  readonly isAvoided: boolean;
  /** Run times on a machine of speed 1 until it would end. */
  readonly ends: number;
  readonly isWarm: boolean;
  readonly load: number;
}

function fitOf(
  task: PlacementTask,
  node: PlacementNode,
  { ends, held }: { readonly ends: number; readonly held: number },
): Fit {
  return {
    node,
    isAvoided: task.avoid?.has(node.id) === true,
    ends,
    isWarm: isHeavy(task) && node.warm?.has(task.module ?? '') === true,
    load: held / (node.allSlots ?? node.slots),
  };
}

function isBetter(one: Fit, than: Fit): boolean {
  if (than.node === undefined) return true;
  if (one.isAvoided !== than.isAvoided) return than.isAvoided;
  if (one.ends !== than.ends) return one.ends < than.ends;
  return one.isWarm === than.isWarm ? one.load < than.load : one.isWarm;
}

/** Less is moved in no time; that all nodes have a share of the work, and so become known, matters more. */
const LARGE_BYTES = 1_048_576;

function isHeavy({ inputBytes = 0 }: PlacementTask): boolean {
  return inputBytes >= LARGE_BYTES;
}

/** Levels of trust that are told apart: nodes nearer to each other share. */
const TRUST_LEVELS = 10;

/** Runs until one is right, if this part of them is. */
function triesOn({ trust = 0, trustSample = trust }: PlacementNode): number {
  return TRUST_LEVELS / Math.max(1, Math.round(trustSample * TRUST_LEVELS));
}

/** Parts of the usual speed that are told apart: machines nearer to each other are equally fast, and share. */
const STEPS = 4;

/** Of a run time on a machine of speed 1, in whole steps. */
function slowness(speed = 1): number {
  if (speed === 1) return 1;
  return speed > 1 ? STEPS / Math.round(speed * STEPS) : Math.round(STEPS / speed) / STEPS;
}
