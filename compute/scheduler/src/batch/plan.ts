import { OBJECTIVES } from './expected-ranges.ts';
import type { Instance } from './instance.ts';
import { RESOURCES } from './node-tables.ts';
import { Timeline } from './timeline.ts';

/** A broken constraint outweighs every objective. */
const PENALTY = 1e6;
/** A sum of shares may miss the whole by a rounding. */
const ROUNDING = 1e-9;

/** Multiplies each objective, and behind them the highest utilisation, into one number to make small. */
export type Scoring = Float64Array;

/** Who runs where, so far, with what it would mean: a task is added or taken out at the cost of one node. */
export class Plan {
  readonly instance: Instance;
  /** Node by turn, or -1. */
  readonly nodeOf: Int32Array;

  readonly #turns: number[][];
  readonly #latency: Float64Array;
  readonly #late: Float64Array;
  readonly #endMs: Float64Array;
  readonly #utilisation: Float64Array;
  readonly #quote: Float64Array;
  readonly #surcharge: Float64Array;
  /** What tasks that start at once hold. */
  readonly #held: Float64Array;
  readonly #timeline: Timeline;
  #sum = 0;
  #cost = 0;
  #distrust = 0;

  constructor(instance: Instance) {
    const nodes = instance.nodes.length;
    this.instance = instance;
    this.nodeOf = new Int32Array(instance.order.length).fill(-1);
    this.#turns = Array.from({ length: nodes }, () => []);
    this.#latency = new Float64Array(nodes);
    this.#late = new Float64Array(nodes);
    this.#endMs = new Float64Array(nodes);
    this.#utilisation = new Float64Array(nodes);
    this.#quote = new Float64Array(nodes);
    this.#surcharge = new Float64Array(nodes);
    this.#held = new Float64Array(nodes * RESOURCES);
    this.#timeline = new Timeline(instance);
    this.clear();
  }

  clear(): void {
    const { busy, usable } = this.instance;
    this.nodeOf.fill(-1);
    for (const turns of this.#turns) turns.length = 0;
    for (const column of [this.#latency, this.#late, this.#endMs, this.#quote, this.#surcharge])
      column.fill(0);
    this.#held.fill(0);
    this.#utilisation.set(busy);
    this.#sum = this.#cost = this.#distrust = 0;
    for (const node of usable) this.#sum += busy[node] as number;
  }

  load(nodeOf: Int32Array): void {
    this.clear();
    const touched = new Set<number>();
    for (const [turn, node] of nodeOf.entries()) {
      if (node < 0) continue;
      this.#turns[node]?.push(turn);
      this.nodeOf[turn] = node;
      this.#count(turn, node, 1);
      touched.add(node);
    }
    for (const node of touched) this.#run(node);
  }

  tasksOn(node: number): readonly number[] {
    return this.#turns[node] as number[];
  }

  add(turn: number, node: number): void {
    const turns = this.#turns[node] as number[];
    let at = turns.length;
    while (at > 0 && (turns[at - 1] as number) > turn) at -= 1;
    turns.splice(at, 0, turn);
    this.nodeOf[turn] = node;
    this.#count(turn, node, 1);
    this.#run(node);
  }

  remove(turn: number): void {
    const node = this.nodeOf[turn] as number;
    const turns = this.#turns[node] as number[];
    turns.splice(turns.indexOf(turn), 1);
    this.nodeOf[turn] = -1;
    this.#count(turn, node, -1);
    this.#run(node);
  }

  /** By how much the score grows if the task, which has no node, is added to this one. */
  scoreOfAdding(turn: number, node: number, scoring: Scoring, peak = 0): number {
    const { instance } = this;
    const pair = this.#pair(turn, node);
    this.#timeline.run(node, this.#turns[node] as number[], turn);
    const latency = this.#timeline.latencyMs - (this.#latency[node] as number);
    const load = instance.load[pair] as number;
    const before = this.#utilisation[node] as number;
    const nodes = instance.usable.length;
    const mean = (2 * this.#sum * load + load * load) / (nodes * nodes);
    const imbalance = (2 * before * load + load * load) / nodes - mean;
    const quote = (this.#quote[node] as number) + (instance.quote[pair] as number);
    const surcharge = (this.#surcharge[node] as number) + (instance.surcharge[pair] as number);
    const price = quote + surcharge * Math.min(1, before + load) - this.#price(node);
    const late = this.#timeline.late - (this.#late[node] as number);
    const broken = late + this.#excessOf(turn, node) + this.conflicts(turn, node);
    const count = instance.order.length;
    return (
      (scoring[0] as number) * (latency / count) +
      (scoring[1] as number) * imbalance +
      (scoring[2] as number) * ((instance.distrust[node] as number) / count) +
      (scoring[3] as number) * (instance.cost[pair] as number) +
      (scoring[4] as number) * price +
      (scoring[OBJECTIVES] as number) * Math.max(0, before + load - peak) +
      PENALTY * broken
    );
  }

  /** Tasks of its group on the node's owner. */
  conflicts(turn: number, node: number): number {
    const { apartOf, apartMembers, ownerOf } = this.instance;
    const group = apartOf[turn] as number;
    if (group < 0) return 0;
    let count = 0;
    for (const other of apartMembers[group] as readonly number[]) {
      const there = this.nodeOf[other] as number;
      if (other !== turn && there >= 0 && ownerOf[there] === ownerOf[node]) count += 1;
    }
    return count;
  }

  /** What the node breaks: due times, and room for what starts at once. */
  brokenOn(node: number): number {
    let broken = this.#late[node] as number;
    for (let at = node * RESOURCES; at < (node + 1) * RESOURCES; at += 1)
      broken += this.#excess(at, this.#held[at] as number);
    return broken;
  }

  /** Writes the objectives to `out`, and behind them the highest utilisation if there is room; returns what is broken. */
  measure(out: Float64Array): number {
    const { usable, order, apartOf } = this.instance;
    let [latency, squares, price, peak, broken] = [0, 0, 0, 0, 0];
    for (const node of usable) {
      latency += this.#latency[node] as number;
      price += this.#price(node);
      const utilisation = this.#utilisation[node] as number;
      squares += utilisation * utilisation;
      if (utilisation > peak) peak = utilisation;
      broken += this.brokenOn(node);
    }
    for (const [turn, group] of apartOf.entries()) {
      const node = this.nodeOf[turn] as number;
      if (group >= 0 && node >= 0) broken += this.conflicts(turn, node) / 2;
    }
    const nodes = Math.max(1, usable.length);
    const tasks = Math.max(1, order.length);
    out[0] = latency / tasks;
    out[1] = Math.max(0, squares / nodes - (this.#sum / nodes) ** 2);
    out[2] = this.#distrust / tasks;
    out[3] = this.#cost;
    out[4] = price;
    if (out.length > OBJECTIVES) out[OBJECTIVES] = peak;
    return broken;
  }

  /** The highest utilisation. */
  peak(): number {
    let peak = 0;
    for (const node of this.instance.usable)
      peak = Math.max(peak, this.#utilisation[node] as number);
    return peak;
  }

  makespanMs(): number {
    return this.#endMs.reduce((latest, end) => Math.max(latest, end), 0);
  }

  #run(node: number): void {
    this.#timeline.run(node, this.#turns[node] as number[], -1);
    this.#latency[node] = this.#timeline.latencyMs;
    this.#late[node] = this.#timeline.late;
    this.#endMs[node] = this.#timeline.endMs;
  }

  #count(turn: number, node: number, sign: 1 | -1): void {
    const { instance } = this;
    const kind = instance.kindOf[turn] as number;
    const pair = this.#pair(turn, node);
    const load = sign * (instance.load[pair] as number);
    this.#sum += load;
    this.#utilisation[node] = (this.#utilisation[node] as number) + load;
    this.#quote[node] = (this.#quote[node] as number) + sign * (instance.quote[pair] as number);
    this.#surcharge[node] =
      (this.#surcharge[node] as number) + sign * (instance.surcharge[pair] as number);
    this.#cost += sign * (instance.cost[pair] as number);
    this.#distrust += sign * (instance.distrust[node] as number);
    if (instance.isKindAtOnce[kind] === 0) return;
    for (let at = 0; at < RESOURCES; at += 1) {
      const held = node * RESOURCES + at;
      this.#held[held] = (this.#held[held] as number) + sign * this.#wanted(kind, at);
    }
  }

  /** Room that the task would lack on the node, beside what lacks already. */
  #excessOf(turn: number, node: number): number {
    const kind = this.instance.kindOf[turn] as number;
    if (this.instance.isKindAtOnce[kind] === 0) return 0;
    let excess = 0;
    for (let at = 0; at < RESOURCES; at += 1) {
      const row = node * RESOURCES + at;
      const held = this.#held[row] as number;
      excess += this.#excess(row, held + this.#wanted(kind, at)) - this.#excess(row, held);
    }
    return excess;
  }

  #excess(row: number, held: number): number {
    const { free, capacity } = this.instance;
    if (held === 0) return 0;
    const whole = capacity[row] as number;
    return Math.max(0, (held - (free[row] as number)) / whole - ROUNDING);
  }

  /** Cores that belong to a slot are counted as the slot. */
  #wanted(kind: number, at: number): number {
    return Math.max(0, this.instance.demand[kind * RESOURCES + at] as number);
  }

  #price(node: number): number {
    const share = Math.min(1, this.#utilisation[node] as number);
    return (this.#quote[node] as number) + (this.#surcharge[node] as number) * share;
  }

  #pair(turn: number, node: number): number {
    return (this.instance.kindOf[turn] as number) * this.instance.nodes.length + node;
  }
}
