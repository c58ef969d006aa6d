import type { PlacementNode, PlacementTask } from '../placement.ts';
import { planRefusal } from './admit.ts';
import type { BatchOptions, BatchPlacement, FrontPoint, PlanRefusal } from './batch-placement.ts';
import { pairRefusal, pairRules } from './eligibility.ts';
import type { Instance } from './instance.ts';
import { objectivesOf } from './choice.ts';
import type { Plan, PlanGenome } from './plan.ts';

type Unplaced = BatchPlacement['unplaced'];

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

/** Tasks of a kind that no node takes share their reasons. */
export function unplacedOf(plan: Plan, options: BatchOptions): Unplaced {
  const { instance } = plan;
  const rules = pairRules(options);
  const byKind = new Map<PlacementTask, Unplaced[number]['because']>();
  const reasons = (task: PlacementTask, kind: PlacementTask): Unplaced[number]['because'] => {
    const known = byKind.get(kind);
    if (known !== undefined) return known;
    const because = instance.nodes.map((node) => ({
      node: node.id,
      refusal: pairRefusal(task, node, rules) ?? ('gang' satisfies PlanRefusal),
    }));
    byKind.set(kind, because);
    return because;
  };
  const hopeless = instance.hopeless.map((task) => ({
    task,
    because: reasons(
      instance.tasks[task] as PlacementTask,
      instance.kinds[instance.kindOfGiven[task] as number] as PlacementTask,
    ),
  }));
  const leftOut: Unplaced[number][] = [];
  for (const [turn, task] of instance.order.entries()) {
    if (plan.nodeOf[turn] !== -1) continue;
    const because = instance.nodes.map((node, index) => ({
      node: node.id,
      refusal:
        pairRefusal(instance.tasks[task] as PlacementTask, node, rules) ??
        planRefusal(plan, turn, index),
    }));
    leftOut.push({ task, because });
  }
  return [...hopeless, ...leftOut].sort((a, b) => a.task - b.task);
}

export function excludedOf({ excluded, nodes }: Instance): Partial<Record<PlanRefusal, string[]>> {
  const named: Partial<Record<PlanRefusal, string[]>> = {};
  for (const [refusal, indices] of excluded)
    named[refusal] = [...indices].map((index) => (nodes[index] as PlacementNode).id);
  return named;
}
