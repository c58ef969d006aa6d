import type { Random } from '../moo/random.ts';
import { OBJECTIVES } from './expected-ranges.ts';
import { NodeHeap } from './node-heap.ts';
import { MEASURES, type Plan, type Scoring } from './plan.ts';

/** What one unit of each measure counts in an objective of a search. */
export type Aim = Scoring;

/** One aim for each objective, counting its range as one. */
export function plainAims(ranges: Float64Array): Aim[] {
  return Array.from({ length: OBJECTIVES }, (_, at) => {
    const aim = new Float64Array(MEASURES);
    aim[at] = 1 / (ranges[at] as number);
    return aim;
  });
}

/** The aims weighed into one. */
export function scoringOf(weights: Float64Array, aims: readonly Aim[]): Scoring {
  const scoring = new Float64Array(MEASURES);
  for (const [index, aim] of aims.entries())
    for (let at = 0; at < MEASURES; at += 1)
      scoring[at] = (scoring[at] as number) + (weights[index] as number) * (aim[at] as number);
  return scoring;
}

/** Uniform among all that sum to one. */
export function randomWeights(count: number, random: Random): Float64Array {
  const parts = Float64Array.from({ length: count }, () => -Math.log(1 - random.next()));
  const whole = parts.reduce((sum, part) => sum + part, 0);
  return parts.map((part) => part / whole);
}

/** Turns after which a heap is made anew, as a part of the nodes: mean utilisation has hardly moved by then. */
const FRESH_FOR = 1 / 8;

/** A kind of fewer tasks is done before its heap is worth the making. */
const RANKED_FROM = 8;

/** Nodes of a kind by what they add to the score, as they were at some turn. */
interface Ranking {
  readonly heap: NodeHeap;
  readonly madeAt: number;
}

/** Adds each task in its turn to the node where it adds least to the score, seeing what those before it took. */
export function addGreedily(plan: Plan, scoring: Scoring): void {
  plan.clear();
  const { kindOf, kinds, kindCount, usable, isLone, apartOf } = plan.instance;
  const freshFor = Math.floor(usable.length * FRESH_FOR);
  // With more kinds than that asking every node is less work.
  const areRanked = kinds.length < freshFor;
  const rankings = new Map<number, Ranking>();
  for (const [turn, kind] of kindOf.entries()) {
    const isMany = areRanked && (kindCount[kind] as number) >= RANKED_FROM;
    if (!isMany || isLone[kind] === 0 || apartOf[turn] !== -1) {
      plan.add(turn, plan.bestNode(turn, scoring));
      continue;
    }
    let ranking = rankings.get(kind);
    if (ranking === undefined || turn - ranking.madeAt > freshFor) {
      ranking = { heap: rank(plan, turn, scoring), madeAt: turn };
      rankings.set(kind, ranking);
    }
    plan.add(turn, leastOf(ranking.heap, plan, turn, scoring));
  }
}

function rank(plan: Plan, turn: number, scoring: Scoring): NodeHeap {
  const heap = new NodeHeap();
  for (const node of plan.instance.eligibleOf(turn))
    heap.push(node, plan.scoreOfAdding(turn, node, scoring));
  return heap;
}

/**
 * A node that filled up since it was asked has only become worse, so the first that stays at the top when it is asked
 * again is the best.
 */
function leastOf(heap: NodeHeap, plan: Plan, turn: number, scoring: Scoring): number {
  for (;;) {
    const node = heap.top as number;
    const score = plan.scoreOfAdding(turn, node, scoring);
    if (score <= heap.second) return node;
    heap.settle(score);
  }
}
