import type { PlacementNode, PlacementTask } from '../placement.ts';
import { planRefusal } from './admit.ts';
import type { BatchOptions, BatchPlacement, FrontPoint, PlanRefusal } from './batch-placement.ts';
import { pairRefusal, pairRules } from './eligibility.ts';
import type { Instance } from './instance.ts';
import { objectivesOf } from './choice.ts';
import type { Plan, PlanGenome } from './plan.ts';

type Unplaced = BatchPlacement['unplaced'];
type Reasons = Unplaced[number]['because'];

export function frontPoint(
  { nodes }: Instance,
  { nodeOf, measures }: Pick<PlanGenome, 'nodeOf' | 'measures'>,
): FrontPoint {
  const perNode: Record<string, number> = {};
  for (const node of nodeOf) {
    const { id } = nodes[node] as PlacementNode;
    perNode[id] = (perNode[id] ?? 0) + 1;
  }
  return { objectives: objectivesOf(measures), perNode };
}

/** Tasks of one kind share their reasons, unless they keep apart from others. */
export function unplacedOf(
  plan: Plan,
  nodes: readonly PlacementNode[],
  options: BatchOptions,
): Unplaced {
  const { instance } = plan;
  const rules = pairRules(options);
  const indexOf = new Map(instance.nodes.map(({ id }, index) => [id, index]));
  const known = new Map<string, Reasons>();
  /** `turn` is -1 for what no node takes, whatever else is planned. */
  const reasons = (index: number, turn: number): Reasons => {
    const task = instance.tasks[index] as PlacementTask;
    const key = `${turn < 0} ${instance.kindOfGiven[index]} ${task.apart === undefined ? '' : index}`;
    const because =
      known.get(key) ??
      nodes.map((node) => ({
        node: node.id,
        refusal: pairRefusal(task, node, rules) ?? besideOthers(turn, indexOf.get(node.id)),
      }));
    known.set(key, because);
    return because;
  };
  const besideOthers = (turn: number, node: number | undefined): PlanRefusal =>
    turn < 0 || node === undefined ? 'gang' : planRefusal(plan, turn, node);
  const leftOut = [...instance.order.entries()].filter(([turn]) => plan.nodeOf[turn] === -1);
  return [
    ...instance.hopeless.map((task) => ({ task, because: reasons(task, -1) })),
    ...leftOut.map(([turn, task]) => ({ task, because: reasons(task, turn) })),
  ].sort((a, b) => a.task - b.task);
}

export function excludedOf({ excluded, nodes }: Instance): Partial<Record<PlanRefusal, string[]>> {
  const named: Partial<Record<PlanRefusal, string[]>> = {};
  for (const [refusal, indices] of excluded)
    named[refusal] = [...indices].map((index) => (nodes[index] as PlacementNode).id);
  return named;
}
