import type { Random } from '../moo/random.ts';
import type { Aim } from './greedy.ts';
import type { Instance } from './instance.ts';
import { MEASURES, Plan } from './plan.ts';

/** From here on two objectives say the same. */
const ALIKE = 0.9;
/** Plans that are drawn to see which objectives rise and fall together. */
const DRAWN = 64;

/** Spearman's: of the ranks, the mean of equal values; 0 when one of them never changes. */
export function rankCorrelation(a: readonly number[], b: readonly number[]): number {
  const [x, y] = [ranksOf(a), ranksOf(b)];
  const mean = (x.length - 1) / 2;
  let [both, first, second] = [0, 0, 0];
  for (const [index, rank] of x.entries()) {
    const [dx, dy] = [rank - mean, (y[index] as number) - mean];
    both += dx * dy;
    first += dx * dx;
    second += dy * dy;
  }
  return first === 0 || second === 0 ? 0 : both / Math.sqrt(first * second);
}

/** Adds each aim whose values go with those of an aim before it to that one. */
export function mergeAims(instance: Instance, aims: readonly Aim[], random: Random): Aim[] {
  const values = aims.map((): number[] => []);
  const plan = new Plan(instance);
  const measures = new Float64Array(MEASURES);
  for (let drawn = 0; drawn < DRAWN; drawn += 1) {
    plan.load(plan.nodeOf.map((_, turn) => drawnNode(instance.eligibleOf(turn), random)));
    plan.measure(measures);
    for (const [at, aim] of aims.entries())
      values[at]?.push(aim.reduce((sum, part, each) => sum + part * (measures[each] as number), 0));
  }
  const merged: { at: number; aim: Aim }[] = [];
  for (const [at, aim] of aims.entries()) {
    const own = values[at] as number[];
    const like = merged.find((one) => rankCorrelation(values[one.at] as number[], own) >= ALIKE);
    if (like === undefined) merged.push({ at, aim });
    else like.aim = like.aim.map((part, each) => part + (aim[each] as number));
  }
  return merged.map((one) => one.aim);
}

function drawnNode(able: Int32Array, random: Random): number {
  return able[random.below(able.length)] as number;
}

function ranksOf(values: readonly number[]): number[] {
  const order = [...values.keys()].sort((a, b) => (values[a] as number) - (values[b] as number));
  const ranks: number[] = [];
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    const value = values[order[start] as number];
    while (end < order.length && values[order[end] as number] === value) end += 1;
    for (let place = start; place < end; place += 1)
      ranks[order[place] as number] = (start + end - 1) / 2;
    start = end;
  }
  return ranks;
}
