/** Finds the node for one request by one of six strategies, and says why. */
import { explainRefusal } from '../explain-refusal.ts';
import { refusalNow } from '../feasibility.ts';
import type { PlacementNode, PlacementTask, Refusal } from '../placement.ts';
import { affinity } from './affinity.ts';
import { leastLoaded } from './least-loaded.ts';
import { privacy } from './privacy.ts';
import { proximity } from './proximity.ts';
import { roundRobin } from './round-robin.ts';
import type { RouteState, RoutingRule } from './rule.ts';
import { twoChoices } from './two-choices.ts';

export const ROUTING_RULES = {
  round_robin: roundRobin,
  least_loaded: leastLoaded,
  affinity_based: affinity,
  proximity_based: proximity,
  privacy_aware: privacy,
  random: twoChoices,
} as const satisfies Record<string, RoutingRule>;
export type RoutingStrategyName = keyof typeof ROUTING_RULES;

export function isRoutingStrategy(name: string): name is RoutingStrategyName {
  return Object.hasOwn(ROUTING_RULES, name);
}

export interface Candidate {
  readonly node: string;
  /** Lower is better; absent with a refusal, and when the strategy did not look at the node. */
  readonly score?: number;
  readonly because?: string;
  readonly refusal?: Refusal;
  /** The refusal in words, to be read after the node's name. */
  readonly refused?: string;
}

/** The node to take, or undefined when none can. Nodes that failed the task before are the last resort. */
export function route(
  strategy: RoutingStrategyName,
  task: PlacementTask,
  nodes: readonly PlacementNode[],
  state: RouteState,
): string | undefined {
  const able = ableFor(task, nodes);
  const { values } = ROUTING_RULES[strategy](task, able, state);
  let best: string | undefined;
  let least = Infinity;
  for (const [at, { id }] of able.entries()) {
    const value = values[at] ?? Infinity;
    // Ties go to the lower id, so that a decision replays.
    if (best !== undefined && (value > least || (value === least && id > best))) continue;
    best = id;
    least = value;
  }
  return best;
}

/** As `route`, with all nodes: best first, refused ones last. */
export function explainRoute(
  strategy: RoutingStrategyName,
  task: PlacementTask,
  nodes: readonly PlacementNode[],
  state: RouteState,
): Candidate[] {
  const able = ableFor(task, nodes);
  const { values, because } = ROUTING_RULES[strategy](task, able, state);
  const ranked = able
    .map((node, at) => ({ node: node.id, score: values[at] ?? 0, because: because(node, at) }))
    .sort((a, b) => a.score - b.score || (a.node < b.node ? -1 : 1))
    .map(({ score, ...rest }) => (Number.isFinite(score) ? { ...rest, score } : rest));
  return [...ranked, ...nodes.flatMap((node) => refusedCandidate(task, node, able))];
}

function refusedCandidate(
  task: PlacementTask,
  node: PlacementNode,
  able: readonly PlacementNode[],
): Candidate[] {
  if (able.includes(node)) return [];
  const refusal = refusalNow(task, node);
  if (refusal === undefined) {
    return [{ node: node.id, refused: 'failed this task before' }];
  }
  return [{ node: node.id, refusal, refused: explainRefusal(refusal, task, node) }];
}

function ableFor(task: PlacementTask, nodes: readonly PlacementNode[]): PlacementNode[] {
  const able = nodes.filter((node) => refusalNow(task, node) === undefined);
  const fresh = able.filter((node) => task.avoid?.has(node.id) !== true);
  return fresh.length > 0 ? fresh : able;
}
