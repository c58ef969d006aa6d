import type { Random } from '../moo/random.ts';
import type { PlanRefusal } from './batch-placement.ts';
import { addGreedily } from './greedy.ts';
import type { Instance } from './instance.ts';
import { Plan, type Scoring } from './plan.ts';
import { repair } from './repair.ts';

/** A plan that breaks nothing, of as many tasks as were found to fit; the others have node -1 in it. */
export function admit(instance: Instance, scoring: Scoring, random: Random): Plan {
  const plan = new Plan(instance);
  addGreedily(plan, scoring);
  if (repair(plan, scoring, random)) return plan;
  const dropped = dropCulprits(plan);
  for (const group of dropped.toReversed()) addBack(plan, group, scoring);
  return plan;
}

/** Why a task that was left out has no place on the node beside those that have theirs. */
export function planRefusal(plan: Plan, turn: number, node: number): PlanRefusal {
  if (plan.conflicts(turn, node) > 0) return 'apart';
  if (fits(plan, turn, node)) return 'gang';
  return plan.instance.isKindAtOnce[plan.instance.kindOf[turn] as number] === 1
    ? 'capacity'
    : 'deadline';
}

/** Takes out the last of those that break something, each with its gang. */
function dropCulprits(plan: Plan): (readonly number[])[] {
  const dropped: (readonly number[])[] = [];
  const drop = (turn: number): void => {
    const group = gangOf(plan, turn).filter((each) => plan.nodeOf[each] !== -1);
    for (const each of group) plan.remove(each);
    dropped.push(group);
  };
  for (let turn = plan.nodeOf.length - 1; turn >= 0; turn -= 1) {
    const node = plan.nodeOf[turn] as number;
    if (node < 0) continue;
    if (plan.conflicts(turn, node) > 0) drop(turn);
    else if (plan.canBreak(turn) && plan.brokenOn(node) > 0 && breaks(plan, turn)) drop(turn);
  }
  return dropped;
}

/** Less is broken without it. */
function breaks(plan: Plan, turn: number): boolean {
  const node = plan.nodeOf[turn] as number;
  const before = plan.brokenOn(node);
  plan.remove(turn);
  const isLess = plan.brokenOn(node) < before;
  plan.add(turn, node);
  return isLess;
}

/** All of the group find a place that breaks nothing, or none is added. */
function addBack(plan: Plan, group: readonly number[], scoring: Scoring): void {
  const added: number[] = [];
  for (const turn of group) {
    const node = plan.bestNode(turn, scoring);
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

function gangOf({ instance }: Plan, turn: number): readonly number[] {
  return instance.gangMembers[instance.gangNumber[turn] as number] ?? [turn];
}
