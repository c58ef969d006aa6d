import type { PlanRefusal } from './batch-placement.ts';
import { addGreedily, bestNode } from './greedy.ts';
import { Plan, type Scoring } from './plan.ts';
import { culpritsOf, repair } from './repair.ts';
import type { Random } from '../moo/random.ts';
import type { Instance } from './instance.ts';

/** A plan that breaks nothing, of as many tasks as were found to fit; the others have node -1 in it. */
export function admit(instance: Instance, scoring: Scoring, random: Random): Plan {
  const plan = new Plan(instance);
  addGreedily(plan, scoring);
  if (repair(plan, scoring, random)) return plan;
  const dropped = dropCulprits(plan);
  for (const group of dropped.reverse()) addBack(plan, group, scoring);
  return plan;
}

/** Why a task that was left out has no place on the node beside those that have theirs. */
export function planRefusal(plan: Plan, turn: number, node: number): PlanRefusal {
  const { instance } = plan;
  if (plan.conflicts(turn, node) > 0) return 'apart';
  if (fits(plan, turn, node)) return 'gang';
  return instance.isKindAtOnce[instance.kindOf[turn] as number] === 1 ? 'capacity' : 'deadline';
}

/** Takes out the last of those that break something, each with its gang, until nothing is broken. */
function dropCulprits(plan: Plan): number[][] {
  const dropped: number[][] = [];
  for (let culprits = culpritsOf(plan); culprits.length > 0; culprits = culpritsOf(plan)) {
    const group = gangOf(plan, culprits.at(-1) as number);
    for (const turn of group) plan.remove(turn);
    dropped.push(group);
  }
  return dropped;
}

/** All of the group find a place that breaks nothing, or none is added. */
function addBack(plan: Plan, group: readonly number[], scoring: Scoring): void {
  const added: number[] = [];
  for (const turn of group) {
    const node = bestNode(plan, turn, scoring);
    if (!fits(plan, turn, node)) {
      for (const each of added) plan.remove(each);
      return;
    }
    plan.add(turn, node);
    added.push(turn);
  }
}

function fits(plan: Plan, turn: number, node: number): boolean {
  if (plan.conflicts(turn, node) > 0) return false;
  plan.add(turn, node);
  const isWhole = plan.brokenOn(node) === 0;
  plan.remove(turn);
  return isWhole;
}

function gangOf({ instance }: Plan, turn: number): number[] {
  const gang = instance.gangMembers.find((members) => members.includes(turn));
  return gang === undefined ? [turn] : [...gang];
}
