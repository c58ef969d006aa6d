import { OBJECTIVES } from './expected-ranges.ts';
import type { Instance } from './instance.ts';
import { Room } from './room.ts';
import { NEVER } from './task-tables.ts';
import { Timeline } from './timeline.ts';

/** A broken constraint outweighs every objective. */
const PENALTY = 1e6;
/** Behind so many tasks it is enough to know when the next can start. */
const LONG = 64;

/** The objectives, and behind them the highest utilisation. */
export const MEASURES: number = OBJECTIVES + 1;

/** Multiplies each measure, for a sum to make small. */
export type Scoring = Float64Array;

/** A whole plan as it was at some time. */
export interface PlanGenome {
  readonly nodeOf: Int32Array;
  readonly measures: Float64Array;
  readonly broken: number;
}

/** The best node known for a task. */
interface Bounds {
  limit: number;
  node: number;
  /** The highest utilisation of the plan; 0 where it counts for nothing. */
  readonly peak: number;
}

/** Who runs where, so far, with what it would mean: a task is added or taken out at the cost of one node. */
export class Plan {
  readonly instance: Instance;
  /** Node by turn, or -1. */
  readonly nodeOf: Int32Array;

  readonly #turns: number[][];
  readonly #latency: Float64Array;
  readonly #late: Float64Array;
  readonly #endMs: Float64Array;
  readonly #nextMs: Float64Array;
  readonly #utilisation: Float64Array;
  readonly #quote: Float64Array;
  readonly #surcharge: Float64Array;
  readonly #room: Room;
  readonly #timeline: Timeline;
  #sum = 0;

  constructor(instance: Instance) {
    const nodes = instance.nodes.length;
    this.instance = instance;
    this.nodeOf = new Int32Array(instance.order.length).fill(-1);
    this.#turns = Array.from({ length: nodes }, () => []);
    this.#latency = new Float64Array(nodes);
    this.#late = new Float64Array(nodes);
    this.#endMs = new Float64Array(nodes);
    this.#nextMs = new Float64Array(nodes);
    this.#utilisation = new Float64Array(nodes);
    this.#quote = new Float64Array(nodes);
    this.#surcharge = new Float64Array(nodes);
    this.#room = new Room(instance);
    this.#timeline = new Timeline(instance);
    this.clear();
  }

  clear(): void {
    const { busy, usable } = this.instance;
    this.nodeOf.fill(-1);
    for (const turns of this.#turns) turns.length = 0;
    for (const column of [this.#latency, this.#late, this.#endMs, this.#quote, this.#surcharge])
      column.fill(0);
    this.#room.clear();
    this.#utilisation.set(busy);
    this.#sum = 0;
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
  scoreOfAdding(turn: number, node: number, scoring: Scoring): number {
    const bounds = this.#bounds(scoring);
    this.#try(turn, node, scoring, bounds);
    return bounds.limit;
  }

  /** The node where the task, which has none, adds least to the score; the first of equals. */
  bestNode(turn: number, scoring: Scoring): number {
    const bounds = this.#bounds(scoring);
    this.#seek(turn, scoring, bounds, -1);
    return bounds.node;
  }

  /**
   * Moves the task to where it adds least to the score, of all nodes or of its own and one other; false when it is
   * there already.
   */
  relocate(turn: number, scoring: Scoring, other = -1): boolean {
    const from = this.nodeOf[turn] as number;
    const [latency, late] = [this.#latency[from] as number, this.#late[from] as number];
    const [end, next] = [this.#endMs[from] as number, this.#nextMs[from] as number];
    const turns = this.#turns[from] as number[];
    const at = turns.indexOf(turn);
    turns.splice(at, 1);
    this.nodeOf[turn] = -1;
    this.#count(turn, from, -1);
    this.#run(from);
    const bounds = this.#bounds(scoring);
    bounds.node = from;
    bounds.limit =
      this.#scoreBeside(turn, from, scoring, bounds) +
      PENALTY * (this.#room.excessOf(this.#kind(turn), from) + this.conflicts(turn, from)) +
      this.#perMs(scoring) * (latency - (this.#latency[from] as number)) +
      PENALTY * (late - (this.#late[from] as number));
    if (other < 0) this.#seek(turn, scoring, bounds, from);
    else this.#try(turn, other, scoring, bounds);
    if (bounds.node !== from) {
      this.add(turn, bounds.node);
      return true;
    }
    turns.splice(at, 0, turn);
    this.nodeOf[turn] = from;
    this.#count(turn, from, 1);
    this.#latency[from] = latency;
    this.#late[from] = late;
    this.#endMs[from] = end;
    this.#nextMs[from] = next;
    return false;
  }

  #bounds(scoring: Scoring): Bounds {
    return {
      limit: Infinity,
      node: -1,
      peak: (scoring[OBJECTIVES] as number) > 0 ? this.#peak() : 0,
    };
  }

  /** Lowers the bounds to the best node but `from`, if one is below them. */
  #seek(turn: number, scoring: Scoring, bounds: Bounds, from: number): void {
    for (const node of this.instance.eligibleOf(turn))
      if (node !== from) this.#try(turn, node, scoring, bounds);
  }

  /** Asks last what costs most: how the tasks of the node would run. */
  #try(turn: number, node: number, scoring: Scoring, bounds: Bounds): void {
    const perMs = this.#perMs(scoring);
    const pair = this.#pair(turn, node);
    const soonest = this.#soonestStart(turn, node) + (this.instance.runMs[pair] as number);
    let score = this.#scoreBeside(turn, node, scoring, bounds);
    if (score + perMs * soonest >= bounds.limit) return;
    score += PENALTY * (this.#room.excessOf(this.#kind(turn), node) + this.conflicts(turn, node));
    if (score + perMs * soonest >= bounds.limit) return;
    const turns = this.#turns[node] as number[];
    if (turns.length >= LONG && (turns[turns.length - 1] as number) < turn) {
      const latency = soonest + (this.instance.transferMs[pair] as number);
      const due = this.instance.dueMs[turn] as number;
      score += perMs * latency + (PENALTY * Math.max(0, latency - due)) / Math.max(1, due);
    } else {
      this.#timeline.run(node, turns, turn);
      score += perMs * (this.#timeline.latencyMs - (this.#latency[node] as number));
      score += PENALTY * (this.#timeline.late - (this.#late[node] as number));
    }
    if (score >= bounds.limit) return;
    bounds.limit = score;
    bounds.node = node;
  }

  #perMs(scoring: Scoring): number {
    return (scoring[0] as number) / this.instance.order.length;
  }

  /** By how much the score grows if the task is added to the node, beside latency and what it breaks. */
  #scoreBeside(turn: number, node: number, scoring: Scoring, { peak }: Bounds): number {
    const { instance } = this;
    const pair = this.#pair(turn, node);
    const load = instance.load[pair] as number;
    const before = this.#utilisation[node] as number;
    const nodes = instance.usable.length;
    const mean = (2 * this.#sum * load + load * load) / (nodes * nodes);
    const imbalance = (2 * before * load + load * load) / nodes - mean;
    const quote = (this.#quote[node] as number) + (instance.quote[pair] as number);
    const surcharge = (this.#surcharge[node] as number) + (instance.surcharge[pair] as number);
    const price = quote + surcharge * Math.min(1, before + load) - this.#price(node);
    return (
      (scoring[1] as number) * imbalance +
      (scoring[2] as number) * ((instance.distrust[node] as number) / instance.order.length) +
      (scoring[3] as number) * (instance.cost[pair] as number) +
      (scoring[4] as number) * price +
      (scoring[OBJECTIVES] as number) * Math.max(0, before + load - peak)
    );
  }

  /** The node's round trip is in it; a task starts no earlier than those before it. */
  #soonestStart(turn: number, node: number): number {
    const { rttMs, queuedMs, isKindAtOnce, kindOf } = this.instance;
    const rtt = rttMs[node] as number;
    if (isKindAtOnce[kindOf[turn] as number] === 1) return rtt;
    const turns = this.#turns[node] as number[];
    const isLast = turns.length > 0 && (turns[turns.length - 1] as number) < turn;
    return rtt + ((isLast ? this.#nextMs[node] : queuedMs[node]) as number);
  }

  /** Tasks of its group on the node's owner. */
  conflicts(turn: number, node: number): number {
    const group = this.instance.apartOf[turn] as number;
    if (group < 0) return 0;
    const { apartMembers, ownerOf } = this.instance;
    let count = 0;
    for (const other of apartMembers[group] as readonly number[]) {
      const there = this.nodeOf[other] as number;
      if (other !== turn && there >= 0 && ownerOf[there] === ownerOf[node]) count += 1;
    }
    return count;
  }

  /** It can be late, or lack room; who can do neither runs behind those who can. */
  canBreak(turn: number): boolean {
    const { dueMs, isKindAtOnce, kindOf } = this.instance;
    return dueMs[turn] !== NEVER || isKindAtOnce[kindOf[turn] as number] === 1;
  }

  /** What the node breaks: due times, and room for what starts at once. */
  brokenOn(node: number): number {
    return (this.#late[node] as number) + this.#room.excessOn(node);
  }

  /** Writes the measures to `out`; returns what is broken, 0 when nothing is. */
  measure(out: Float64Array): number {
    const { usable, order, apartOf } = this.instance;
    let [latency, squares, price, peak, broken] = [0, 0, 0, 0, 0];
    let [cost, distrust] = [0, 0];
    for (const [turn, node] of this.nodeOf.entries()) {
      if (node < 0) continue;
      cost += this.instance.cost[this.#pair(turn, node)] as number;
      distrust += this.instance.distrust[node] as number;
    }
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
    out[2] = distrust / tasks;
    out[3] = cost;
    out[4] = price;
    out[OBJECTIVES] = peak;
    return broken;
  }

  genome(): PlanGenome {
    const measures = new Float64Array(MEASURES);
    const broken = this.measure(measures);
    return { nodeOf: this.nodeOf.slice(), measures, broken };
  }

  #peak(): number {
    let peak = 0;
    for (const node of this.instance.usable)
      peak = Math.max(peak, this.#utilisation[node] as number);
    return peak;
  }

  makespanMs(): number {
    return this.#endMs.reduce((latest, end) => Math.max(latest, end), 0);
  }

  #run(node: number): void {
    if ((this.#turns[node] as number[]).length === 0) this.#reset(node);
    this.#timeline.run(node, this.#turns[node] as number[], -1);
    this.#latency[node] = this.#timeline.latencyMs;
    this.#late[node] = this.#timeline.late;
    this.#endMs[node] = this.#timeline.endMs;
    this.#nextMs[node] = this.#timeline.nextMs;
  }

  /** An empty node is exactly as it was before the batch, whatever was rounded since. */
  #reset(node: number): void {
    this.#utilisation[node] = this.instance.busy[node] as number;
    this.#quote[node] = this.#surcharge[node] = 0;
    this.#room.empty(node);
  }

  #count(turn: number, node: number, sign: 1 | -1): void {
    const { instance } = this;
    const kind = this.#kind(turn);
    const pair = this.#pair(turn, node);
    const load = sign * (instance.load[pair] as number);
    this.#sum += load;
    this.#utilisation[node] = (this.#utilisation[node] as number) + load;
    this.#quote[node] = (this.#quote[node] as number) + sign * (instance.quote[pair] as number);
    this.#surcharge[node] =
      (this.#surcharge[node] as number) + sign * (instance.surcharge[pair] as number);
    this.#room.count(kind, node, sign);
  }

  #price(node: number): number {
    const share = Math.min(1, this.#utilisation[node] as number);
    return (this.#quote[node] as number) + (this.#surcharge[node] as number) * share;
  }

  #kind(turn: number): number {
    return this.instance.kindOf[turn] as number;
  }

  #pair(turn: number, node: number): number {
    return this.#kind(turn) * this.instance.nodes.length + node;
  }
}
