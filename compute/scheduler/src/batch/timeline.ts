import type { Instance } from './instance.ts';
import { RESOURCES } from './node-tables.ts';

/** A sum of demands may miss the whole by a rounding. */
const ROUNDING = 1 + 1e-9;

/**
 * Runs the tasks of one node in their turn: each starts when what it holds is free, and never before the one ahead
 * of it. Inputs come over one line, one after the other, and a program that is there once stays. The answer is
 * left in the fields, so that trying a task on a node allocates nothing.
 */
export class Timeline {
  /** Sum over the tasks of the time until their result is back. */
  latencyMs = 0;
  /** Sum of what tasks end after their due time, as shares of it. */
  late = 0;
  /** When the last one ends. */
  endMs = 0;
  /** A task that queues behind these starts no earlier; set when none is added. */
  nextMs = 0;

  readonly #instance: Instance;
  readonly #wanted: readonly number[];
  readonly #demand: Float64Array;
  readonly #capacity: Float64Array;
  readonly #used = new Float64Array(RESOURCES);
  readonly #ends: number[] = [];
  readonly #kinds: number[] = [];
  #running = 0;
  /** When each program arrives, if it was asked for in this run. */
  readonly #arrivesMs: Float64Array;
  readonly #askedIn: Int32Array;
  #run = 0;

  constructor(instance: Instance) {
    this.#instance = instance;
    this.#wanted = instance.wanted;
    this.#demand = instance.demand;
    this.#capacity = instance.capacity;
    this.#arrivesMs = new Float64Array(instance.programs);
    this.#askedIn = new Int32Array(instance.programs);
  }

  /** The tasks `turns` of the node, in ascending order, with one more unless `added` is -1. */
  run(node: number, turns: readonly number[], added: number): void {
    const { queuedMs, dueMs, rttMs, runMs, transferMs, kindOf, isKindAtOnce } = this.#instance;
    const nodes = rttMs.length;
    this.latencyMs = this.late = this.endMs = 0;
    this.#running = 0;
    this.#used.fill(0);
    this.#run += 1;
    const rtt = rttMs[node] as number;
    let start = queuedMs[node] as number;
    let line = 0;
    let [rest, at] = [added, 0];
    while (at < turns.length || rest >= 0) {
      let turn = turns[at] as number;
      if (rest >= 0 && (at === turns.length || turn > rest)) {
        turn = rest;
        rest = -1;
      } else at += 1;
      const kind = kindOf[turn] as number;
      const pair = kind * nodes + node;
      let ready = 0;
      if (isKindAtOnce[kind] === 0) ready = start = this.#awaitRoom(node, kind, start);
      const transfer = transferMs[pair] as number;
      if (transfer > 0) {
        const arrives = this.#arrival(kind, transfer, Math.max(ready, line));
        line = Math.max(line, arrives);
        ready = Math.max(ready, arrives);
      }
      const end = ready + (runMs[pair] as number);
      this.#hold(kind, end);
      const latency = rtt + end;
      this.latencyMs += latency;
      const due = dueMs[turn] as number;
      if (latency > due) this.late += (latency - due) / Math.max(1, due);
      if (end > this.endMs) this.endMs = end;
    }
    if (added < 0) this.nextMs = this.#awaitRoom(node, this.#instance.kinds.length, start);
  }

  /** When the inputs are there, if the line is free for them from `from` on. */
  #arrival(kind: number, transfer: number, from: number): number {
    const program = this.#instance.program[kind] as number;
    if (program < 0) return from + transfer;
    if (this.#askedIn[program] !== this.#run) {
      this.#askedIn[program] = this.#run;
      this.#arrivesMs[program] = from + transfer;
    }
    return this.#arrivesMs[program] as number;
  }

  /** Ends what ends first until the task fits; returns from when it does. */
  #awaitRoom(node: number, kind: number, from: number): number {
    let start = from;
    while (this.#running > 0 && !this.#fits(node, kind)) {
      let first = 0;
      for (let other = 1; other < this.#running; other += 1)
        if ((this.#ends[other] as number) < (this.#ends[first] as number)) first = other;
      start = Math.max(start, this.#ends[first] as number);
      this.#count(this.#kinds[first] as number, -1);
      this.#running -= 1;
      this.#ends[first] = this.#ends[this.#running] as number;
      this.#kinds[first] = this.#kinds[this.#running] as number;
    }
    return start;
  }

  #fits(node: number, kind: number): boolean {
    for (const at of this.#wanted) {
      const after = (this.#used[at] as number) + (this.#demand[kind * RESOURCES + at] as number);
      if (after > (this.#capacity[node * RESOURCES + at] as number) * ROUNDING) return false;
    }
    return true;
  }

  #hold(kind: number, end: number): void {
    this.#ends[this.#running] = end;
    this.#kinds[this.#running] = kind;
    this.#running += 1;
    this.#count(kind, 1);
  }

  #count(kind: number, sign: 1 | -1): void {
    for (const at of this.#wanted)
      this.#used[at] =
        (this.#used[at] as number) + sign * (this.#demand[kind * RESOURCES + at] as number);
  }
}
