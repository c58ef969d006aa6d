/** Plans a whole batch: who runs where, in which order, and what that would mean. Pure and seeded. */
import { seededRandom } from '../moo/random.ts';
import type { PlacementNode, PlacementTask } from '../placement.ts';
import { admit } from './admit.ts';
import { type Candidate, excludedOf, frontPoint, unplacedOf } from './batch-answer.ts';
import type { BatchOptions, BatchPlacement } from './batch-placement.ts';
import { checkInput } from './check-input.ts';
import { pairRules } from './eligibility.ts';
import { OBJECTIVES } from './expected-ranges.ts';
import { scoringOf } from './greedy.ts';
import { createInstance } from './instance.ts';
import { aimOf, weightsRow } from './weights.ts';

/**
 * All tasks that can be placed are: they queue on their node when there are more than it can run side by side.
 * Equal tasks, nodes, seed and evaluations give an equal answer.
 */
export function placeBatch(
  tasks: readonly PlacementTask[],
  nodes: readonly PlacementNode[],
  options: BatchOptions,
): BatchPlacement {
  checkInput(tasks, nodes, options);
  const aim = aimOf(tasks, options.strategy, options.weights);
  const whole = createInstance(tasks, nodes, pairRules(options));
  const scoring = scoringOf(weightsRow(aim.weights), whole.ranges);
  const admitted = admit(whole, scoring, seededRandom(options.seed));
  const kept = [...whole.order].filter((_, turn) => admitted.nodeOf[turn] !== -1);
  const unplaced = unplacedOf(admitted, options);
  const objectives = new Float64Array(OBJECTIVES);
  admitted.measure(objectives);
  const nodeOf = admitted.nodeOf.filter((node) => node !== -1);
  const candidate: Candidate = { nodeOf, objectives };
  return {
    strategy: options.strategy,
    assignments: kept.map((task, turn) => ({
      task,
      node: (nodes[nodeOf[turn] as number] as PlacementNode).id,
    })),
    unplaced,
    front: kept.length === 0 ? [] : [frontPoint(whole, candidate)],
    chosen: kept.length === 0 ? -1 : 0,
    indicators: {
      hypervolume: 0,
      evaluations: 1,
      generations: 0,
      stoppedBy: 'greedy',
      correlations: {},
      makespanMs: admitted.makespanMs(),
    },
    explain: { weights: aim.weights, because: aim.because, excluded: excludedOf(whole) },
  };
}
