import { OBJECTIVES } from './expected-ranges.ts';
import type { Plan, Scoring } from './plan.ts';

/** Weights over ranges: what one unit of each objective counts. */
export function scoringOf(weights: Float64Array, ranges: Float64Array): Scoring {
  const scoring = new Float64Array(OBJECTIVES + 1);
  for (let at = 0; at < OBJECTIVES; at += 1)
    scoring[at] = (weights[at] as number) / (ranges[at] as number);
  return scoring;
}

/** Adds each task in its turn to the node where it adds least to the score, seeing what those before it took. */
export function addGreedily(plan: Plan, scoring: Scoring): void {
  plan.clear();
  const count = plan.nodeOf.length;
  for (let turn = 0; turn < count; turn += 1) plan.add(turn, bestNode(plan, turn, scoring));
}

/** The node where a task that has none adds least to the score; the first of equals. */
export function bestNode(plan: Plan, turn: number, scoring: Scoring): number {
  const able = plan.instance.eligible[plan.instance.kindOf[turn] as number] as Int32Array;
  const peak = (scoring[OBJECTIVES] as number) > 0 ? plan.peak() : 0;
  let best = -1;
  let least = Infinity;
  for (const node of able) {
    const score = plan.scoreOfAdding(turn, node, scoring, peak);
    if (score < least) {
      least = score;
      best = node;
    }
  }
  return best;
}
