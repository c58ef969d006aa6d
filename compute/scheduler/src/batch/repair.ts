import type { Random } from '../moo/random.ts';
import type { Plan, Scoring } from './plan.ts';

/** Steps for each task before a plan is given up as broken. */
const STEPS_PER_TASK = 40;
/** In a batch that cannot be placed as a whole more steps only cost time: tasks that are run through in all of them. */
const MAX_WORK = 3_000_000;
/** Partners tried for a swap when no move helps. */
const SWAPS = 24;
/** Share of the fruitless steps that move a task to any node, so that a dead end is left. */
const LEAP = 0.3;

/** Moves tasks that break constraints until none does; false when the steps are spent before. */
export function repair(plan: Plan, scoring: Scoring, random: Random): boolean {
  let steps = stepsFor(plan);
  while (steps > 0) {
    const culprits = culpritsOf(plan);
    if (culprits.length === 0) return true;
    const first = random.below(culprits.length);
    for (let at = 0; at < culprits.length && steps > 0; at += 1) {
      const turn = culprits[(first + at) % culprits.length] as number;
      if (!isCulprit(plan, turn)) continue;
      steps -= 1;
      step(plan, turn, scoring, random);
    }
  }
  return culpritsOf(plan).length === 0;
}

/** A step asks every node once, and runs the tasks of two nodes again for each swap and its undoing. */
function stepsFor({ nodeOf, instance }: Plan): number {
  const perNode = nodeOf.length / Math.max(1, instance.usable.length);
  const work = nodeOf.length + 4 * SWAPS * perNode;
  return Math.min(STEPS_PER_TASK * nodeOf.length, Math.ceil(MAX_WORK / work));
}

/** Tasks that are late, or start at once, on nodes that break something, and tasks that share an owner with a copy. */
export function culpritsOf(plan: Plan): number[] {
  return [...plan.nodeOf.keys()].filter((turn) => isCulprit(plan, turn));
}

function isCulprit(plan: Plan, turn: number): boolean {
  const node = plan.nodeOf[turn] as number;
  if (node < 0) return false;
  if (plan.conflicts(turn, node) > 0) return true;
  return plan.canBreak(turn) && plan.brokenOn(node) > 0;
}

function step(plan: Plan, turn: number, scoring: Scoring, random: Random): void {
  if (plan.relocate(turn, scoring) || improvesBySwap(plan, turn, random)) return;
  if (random.next() < LEAP) {
    const able = plan.instance.eligibleOf(turn);
    plan.remove(turn);
    plan.add(turn, able[random.below(able.length)] as number);
  }
}

function improvesBySwap(plan: Plan, turn: number, random: Random): boolean {
  const { nodeOf, instance } = plan;
  for (let tries = 0; tries < SWAPS; tries += 1) {
    const other = random.below(nodeOf.length);
    const [here, there] = [nodeOf[turn] as number, nodeOf[other] as number];
    if (there < 0 || here === there) continue;
    if (!instance.eligibleOf(turn).includes(there)) continue;
    if (!instance.eligibleOf(other).includes(here)) continue;
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
