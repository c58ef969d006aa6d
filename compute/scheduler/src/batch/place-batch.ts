/** Plans a whole batch: who runs where, in which order, and what that would mean. Pure and seeded. */
import { seededRandom } from '../moo/random.ts';
import { shareWithNewcomers } from '../newcomers.ts';
import type { PlacementNode, PlacementTask } from '../placement.ts';
import { admit } from './admit.ts';
import { excludedOf, frontPoint, unplacedOf } from './batch-answer.ts';
import type { BatchOptions, BatchPlacement } from './batch-placement.ts';
import { checkInput } from './check-input.ts';
import { chooseAndThin, correlationsOf, explainChoice, volumeOf } from './choice.ts';
import { pairRules } from './eligibility.ts';
import { plainAims, scoringOf } from './greedy.ts';
import { createInstance, type Instance } from './instance.ts';
import { Plan, type PlanGenome } from './plan.ts';
import { type FoundPlans, searchPlans } from './search-plans.ts';
import { purposeOf, weightsRow } from './weights.ts';

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
  const isOver = deadlineOf(options);
  const purpose = purposeOf(tasks, options.strategy, options.weights);
  const weights = weightsRow(purpose.weights);
  const shared = options.atOnce === true ? tasks : shareWithNewcomers(tasks, nodes, options.seed);
  const whole = createInstance(shared, nodes, pairRules(options));
  const scoring = scoringOf(weights, plainAims(whole.ranges));
  const admitted = admit(whole, scoring, seededRandom(options.seed));
  const batch = restrict(admitted, options);
  const found = find(batch, options, isOver);
  const { plans, chosen } = chooseAndThin(found.plans, weights);
  const front = plans.map(({ measures }) => measures);
  const plan = plans[chosen];
  return {
    strategy: options.strategy,
    assignments: plan === undefined ? [] : assignmentsOf(batch, plan),
    unplaced: unplacedOf(admitted, nodes, options),
    front: plans.map((one) => frontPoint(batch.instance, one)),
    chosen,
    indicators: {
      hypervolume: volumeOf(front),
      evaluations: found.evaluations,
      generations: found.generations,
      stoppedBy: found.stoppedBy,
      correlations: correlationsOf(front),
      makespanMs: plan === undefined ? 0 : makespanOf(batch.instance, plan),
    },
    explain: {
      weights: purpose.weights,
      because: explainChoice(front, chosen, purpose),
      excluded: excludedOf(whole),
    },
  };
}

/** The tasks that can be placed, with a plan that places them. */
interface Batch {
  readonly instance: Instance;
  /** Index of the given task by turn. */
  readonly given: Int32Array;
  readonly start: Int32Array;
}

function restrict({ instance, nodeOf }: Plan, options: BatchOptions): Batch {
  if (!nodeOf.includes(-1)) return { instance, given: instance.order, start: nodeOf };
  const turns = [...nodeOf.keys()].filter((turn) => nodeOf[turn] !== -1);
  const kept = turns.map((turn) => instance.order[turn] as number);
  const tasks = kept.map((index) => instance.tasks[index] as PlacementTask);
  const smaller = createInstance(tasks, instance.nodes, pairRules(options));
  return {
    instance: smaller,
    given: smaller.order.map((index) => kept[index] as number),
    start: smaller.order.map((index) => nodeOf[turns[index] as number] as number),
  };
}

function find(
  { instance, start }: Batch,
  options: BatchOptions,
  isOver: () => boolean,
): FoundPlans {
  if (start.length === 0) return { plans: [], evaluations: 0, generations: 0, stoppedBy: 'greedy' };
  const isSearch = options.strategy === 'nsga2';
  if (isSearch && !isOver()) return searchPlans(instance, start, options, isOver);
  const plan = new Plan(instance);
  plan.load(start);
  const stoppedBy = isSearch ? 'budget' : 'greedy';
  return { plans: [plan.genome()], evaluations: 1, generations: 0, stoppedBy };
}

/** In the order in which nodes are to run them. */
function assignmentsOf(
  { instance, given }: Batch,
  { nodeOf }: PlanGenome,
): BatchPlacement['assignments'] {
  return Array.from(given, (task, turn) => ({
    task,
    node: (instance.nodes[nodeOf[turn] as number] as PlacementNode).id,
  }));
}

function makespanOf(instance: Instance, { nodeOf }: PlanGenome): number {
  const plan = new Plan(instance);
  plan.load(nodeOf);
  return plan.makespanMs();
}

function deadlineOf(options: BatchOptions): () => boolean {
  const now = (): number => options.nowMs?.() ?? 0;
  const endMs = now() + (options.budgetMs ?? Infinity);
  return () => now() >= endMs;
}
