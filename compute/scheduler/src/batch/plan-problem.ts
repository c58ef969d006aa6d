import type { Problem } from '../moo/problem.ts';
import type { Random } from '../moo/random.ts';
import { addGreedily, type Aim, randomWeights, scoringOf } from './greedy.ts';
import type { Instance } from './instance.ts';
import { MEASURES, Plan, type PlanGenome, type Scoring } from './plan.ts';
import { repair } from './repair.ts';

/** Relocations after a crossing, and in a mutation, for each task: more makes better children, and fewer of them. */
const POLISH = 1;
const RENEWAL = 2;
/** Tasks that a mutation puts anywhere before it improves the plan, at most, as a share. */
const SHAKEN = 0.2;
/** Large batches are improved by parts, so that there are children before the time is over. */
const MAX_RELOCATIONS = 150;

/**
 * Plans as genomes: a task's gene is one of the nodes that can take it. Random changes of an assignment hardly ever
 * improve it, so crossing and mutation draw weights for the objectives and take what is best for these: the node of
 * either parent, or the best of all nodes. What breaks a constraint is repaired.
 */
export class PlanProblem implements Problem<PlanGenome> {
  readonly objectives: number;
  /** A plan that breaks nothing. */
  readonly start: PlanGenome;
  readonly #aims: readonly Aim[];
  readonly #plan: Plan;
  /** Scorings whose greedy plans are made first. */
  readonly #first: Scoring[];

  /** An objective of the search is a sum of measures, weighed by an aim. */
  constructor(
    instance: Instance,
    start: Int32Array,
    aims: readonly Aim[],
    first: readonly Scoring[],
  ) {
    this.objectives = aims.length;
    this.#aims = aims;
    this.#plan = new Plan(instance);
    this.#first = [...first];
    this.#plan.load(start);
    this.start = this.#plan.genome();
  }

  evaluate({ measures, broken }: PlanGenome, out: Float64Array): number {
    for (const [at, aim] of this.#aims.entries()) {
      let sum = 0;
      for (let each = 0; each < MEASURES; each += 1)
        sum += (aim[each] as number) * (measures[each] as number);
      out[at] = sum;
    }
    return broken;
  }

  create(random: Random): PlanGenome {
    const scoring = this.#first.shift();
    if (scoring === undefined) return this.mutate(this.start, random);
    addGreedily(this.#plan, scoring);
    return this.#finish(scoring, random);
  }

  cross(a: PlanGenome, b: PlanGenome, random: Random): readonly [PlanGenome, PlanGenome] {
    return [this.#merge(a, b, random), this.#merge(b, a, random)];
  }

  mutate(genome: PlanGenome, random: Random): PlanGenome {
    const scoring = this.#draw(random);
    this.#plan.load(genome.nodeOf);
    this.#shake(random);
    this.#relocate(RENEWAL, scoring, random);
    return this.#finish(scoring, random);
  }

  /** Two 32-bit hashes in one exact number. */
  key({ nodeOf }: PlanGenome): number {
    let [high, low] = [0x811c9dc5, 0x1b873593];
    for (const node of nodeOf) {
      high = Math.imul(high ^ node, 0x01000193);
      low = Math.imul(low ^ (node + 0x9e37), 0x85ebca6b);
      low ^= low >>> 13;
    }
    return (high >>> 0) * 2 ** 21 + (low >>> 11);
  }

  #merge(mine: PlanGenome, other: PlanGenome, random: Random): PlanGenome {
    const plan = this.#plan;
    const scoring = this.#draw(random);
    plan.load(mine.nodeOf);
    const count = plan.nodeOf.length;
    const first = random.below(count);
    for (let step = 0; step < count; step += 1) {
      const turn = (first + step) % count;
      const there = other.nodeOf[turn] as number;
      if (plan.nodeOf[turn] !== there) plan.relocate(turn, scoring, there);
    }
    this.#relocate(POLISH, scoring, random);
    return this.#finish(scoring, random);
  }

  /** Some tasks go to any of their nodes, so that there is a way out of a plan that no single move improves. */
  #shake(random: Random): void {
    const plan = this.#plan;
    const count = plan.nodeOf.length;
    const most = Math.min(MAX_RELOCATIONS, Math.ceil(SHAKEN * count));
    for (let shaken = 1 + random.below(most); shaken > 0; shaken -= 1) {
      const turn = random.below(count);
      const able = plan.instance.eligibleOf(turn);
      plan.remove(turn);
      plan.add(turn, able[random.below(able.length)] as number);
    }
  }

  #relocate(perTask: number, scoring: Scoring, random: Random): void {
    const count = this.#plan.nodeOf.length;
    const moves = Math.min(MAX_RELOCATIONS, Math.ceil(perTask * count));
    const first = random.below(count);
    for (let move = 0; move < moves; move += 1)
      this.#plan.relocate((first + move) % count, scoring);
  }

  #draw(random: Random): Scoring {
    return scoringOf(randomWeights(this.#aims.length, random), this.#aims);
  }

  #finish(scoring: Scoring, random: Random): PlanGenome {
    const genome = this.#plan.genome();
    if (genome.broken === 0) return genome;
    repair(this.#plan, scoring, random);
    return this.#plan.genome();
  }
}
