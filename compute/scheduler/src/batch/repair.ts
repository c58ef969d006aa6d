import type { Random } from '../moo/random.ts';
import { bestNode } from './greedy.ts';
import type { Plan, Scoring } from './plan.ts';

/** Steps for each task before a plan is given up as broken. */
const STEPS_PER_TASK = 20;
/** Partners tried for a swap when no move helps. */
const SWAPS = 24;
/** Share of the fruitless steps that move a task to any node, so that a dead end is left. */
const LEAP = 0.3;

/** Moves tasks that break constraints until none does; false when the steps are spent before. */
export function repair(plan: Plan, scoring: Scoring, random: Random): boolean {
  const steps = STEPS_PER_TASK * plan.nodeOf.length;
  for (let step = 0; step < steps; step += 1) {
    const culprits = culpritsOf(plan);
    if (culprits.length === 0) return true;
    const turn = culprits[random.below(culprits.length)] as number;
    if (!improvesByMove(plan, turn, scoring) && !improvesBySwap(plan, turn, random))
      if (random.next() < LEAP) leap(plan, turn, random);
  }
  return culpritsOf(plan).length === 0;
}

/** Tasks on nodes that break something, and tasks that share an owner with others of their group. */
export function culpritsOf(plan: Plan): number[] {
  const { usable, apartMembers } = plan.instance;
  const culprits = new Set<number>();
  for (const node of usable)
    if (plan.brokenOn(node) > 0) for (const turn of plan.tasksOn(node)) culprits.add(turn);
  for (const members of apartMembers)
    for (const turn of members) {
      const node = plan.nodeOf[turn] as number;
      if (node >= 0 && plan.conflicts(turn, node) > 0) culprits.add(turn);
    }
  return [...culprits].sort((a, b) => a - b);
}

function improvesByMove(plan: Plan, turn: number, scoring: Scoring): boolean {
  const from = plan.nodeOf[turn] as number;
  plan.remove(turn);
  const to = bestNode(plan, turn, scoring);
  plan.add(turn, to);
  return to !== from;
}

function improvesBySwap(plan: Plan, turn: number, random: Random): boolean {
  const { nodeOf } = plan;
  for (let tries = 0; tries < SWAPS; tries += 1) {
    const other = random.below(nodeOf.length);
    const [here, there] = [nodeOf[turn] as number, nodeOf[other] as number];
    if (there < 0 || here === there) continue;
    if (!canTake(plan, turn, there) || !canTake(plan, other, here)) continue;
    const before = brokenAround(plan, turn, other);
    exchange(plan, turn, other);
    if (brokenAround(plan, turn, other) < before) return true;
    exchange(plan, turn, other);
  }
  return false;
}

function brokenAround(plan: Plan, a: number, b: number): number {
  const [first, second] = [plan.nodeOf[a] as number, plan.nodeOf[b] as number];
  const onNodes = plan.brokenOn(first) + plan.brokenOn(second);
  return onNodes + plan.conflicts(a, first) + plan.conflicts(b, second);
}

function exchange(plan: Plan, a: number, b: number): void {
  const [first, second] = [plan.nodeOf[a] as number, plan.nodeOf[b] as number];
  plan.remove(a);
  plan.remove(b);
  plan.add(a, second);
  plan.add(b, first);
}

function leap(plan: Plan, turn: number, random: Random): void {
  const able = ableNodes(plan, turn);
  plan.remove(turn);
  plan.add(turn, able[random.below(able.length)] as number);
}

function canTake(plan: Plan, turn: number, node: number): boolean {
  return ableNodes(plan, turn).includes(node);
}

function ableNodes(plan: Plan, turn: number): Int32Array {
  const { eligible, kindOf } = plan.instance;
  return eligible[kindOf[turn] as number] as Int32Array;
}
