import type { PlacementNode, PlacementTask } from '../placement.ts';
import { planRefusal } from './admit.ts';
import type {
  BatchOptions,
  BatchPlacement,
  FrontPoint,
  Objectives,
  PlanRefusal,
} from './batch-placement.ts';
import { pairRefusal, pairRules } from './eligibility.ts';
import type { Instance } from './instance.ts';
import type { Plan } from './plan.ts';

type Unplaced = BatchPlacement['unplaced'];

/** A plan and its objectives, in the order of all tables. */
export interface Candidate {
  readonly nodeOf: Int32Array;
  readonly objectives: Float64Array;
}

function objectivesOf(row: Float64Array): Objectives {
  const [latencyMs = 0, imbalance = 0, distrust = 0, cost = 0, price = 0] = row;
  return { latencyMs, imbalance, distrust, cost, price };
}

export function frontPoint(instance: Instance, { nodeOf, objectives }: Candidate): FrontPoint {
  const perNode: Record<string, number> = {};
  for (const node of nodeOf) {
    const { id } = instance.nodes[node] as PlacementNode;
    perNode[id] = (perNode[id] ?? 0) + 1;
  }
  return { objectives: objectivesOf(objectives), perNode };
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
