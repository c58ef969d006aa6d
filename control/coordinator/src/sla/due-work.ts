/** Running totals of the open work that has a deadline: what is due by when, however many jobs it belongs to. */
import type { JobSpec } from '@fog/wire';
import { isReplicated } from '../verify/ballot.ts';
import { copiesWanted } from '../verify/decide.ts';

/** A program that never ran here is taken to be short. */
const ASSUMED_MS = 1_000;
/**
 * Deadlines are told apart by so small a part of the time until then. Those told together count as the first of
 * them, so that what fits is never overrated; and a look at all totals stays a matter of microseconds.
 */
const PARTS = 64;
/** Deadlines nearer to each other than this are one: no run is planned finer. */
const LEAST_WIDTH_MS = 1_000;

/** Work that is due at about the same time. */
interface Total {
  readonly key: number;
  dueAt: number;
  runs: number;
  workMs: number;
}

/** The runs of one program, all valued alike. */
interface Program {
  runMs: number;
  readonly runs: Map<Total, number>;
}

export interface DatedRuns {
  readonly module: string;
  readonly createdAt: number;
  readonly deadlineAt: number;
  /** May be below 0: they have ended. */
  readonly runs: number;
}

/** Runs of all copies of so many tasks of a job of class S or A; undefined for work that is due at no time. */
export function datedRuns(
  { spec, createdAt }: { readonly spec: JobSpec; readonly createdAt: number },
  tasks: number,
): DatedRuns | undefined {
  const { deadlineAt, module } = spec;
  if (deadlineAt === undefined || !isReplicated({ spec })) return undefined;
  return { module, createdAt, deadlineAt, runs: tasks * copiesWanted(spec) };
}

export class DueWork {
  readonly #byKey = new Map<number, Total>();
  /** Earliest first. */
  readonly #totals: Total[] = [];
  readonly #programs = new Map<string, Program>();
  /** Programs whose runs may take another time by now. */
  readonly #touched = new Set<string>();

  add({ module, createdAt, deadlineAt, runs }: DatedRuns): void {
    const program = this.#programs.get(module) ?? { runMs: ASSUMED_MS, runs: new Map() };
    this.#programs.set(module, program);
    this.#touched.add(module);
    const total = this.#totalOf(createdAt, deadlineAt);
    if (deadlineAt < total.dueAt) this.#bringForward(total, deadlineAt);
    total.runs += runs;
    total.workMs += runs * program.runMs;
    const left = (program.runs.get(total) ?? 0) + runs;
    if (left > 0) program.runs.set(total, left);
    else program.runs.delete(total);
    if (program.runs.size === 0) {
      this.#programs.delete(module);
      this.#touched.delete(module);
    }
    if (total.runs > 0) return;
    this.#byKey.delete(total.key);
    this.#totals.splice(this.#totals.indexOf(total), 1);
  }

  /** Learns how long programs take by now, of those that came or ran since it was asked last. */
  learn(usualMs: (module: string) => number | undefined): void {
    for (const module of this.#touched) {
      const program = this.#programs.get(module);
      const runMs = usualMs(module) ?? ASSUMED_MS;
      if (program === undefined || program.runMs === runMs) continue;
      for (const [total, runs] of program.runs) total.workMs += runs * (runMs - program.runMs);
      program.runMs = runMs;
    }
    this.#touched.clear();
  }

  /** The first deadline, from that of what was added on, until which there is less room than is due by then. */
  overloadFrom(
    { createdAt, deadlineAt }: Pick<DatedRuns, 'createdAt' | 'deadlineAt'>,
    roomMs: (until: number) => number,
  ): { readonly dueAt: number; readonly workMs: number } | undefined {
    const from = this.#byKey.get(keyOf(createdAt, deadlineAt))?.dueAt ?? deadlineAt;
    let workMs = 0;
    for (const [at, total] of this.#totals.entries()) {
      workMs += total.workMs;
      const isLast = (this.#totals[at + 1]?.dueAt ?? Infinity) > total.dueAt;
      if (!isLast || total.dueAt < from || workMs <= roomMs(total.dueAt)) continue;
      return { dueAt: total.dueAt, workMs };
    }
    return undefined;
  }

  #totalOf(createdAt: number, deadlineAt: number): Total {
    const key = keyOf(createdAt, deadlineAt);
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const total = { key, dueAt: Infinity, runs: 0, workMs: 0 };
    this.#byKey.set(key, total);
    this.#totals.push(total);
    return total;
  }

  #bringForward(total: Total, dueAt: number): void {
    total.dueAt = dueAt;
    let at = this.#totals.indexOf(total);
    for (; at > 0; at -= 1) {
      const before = this.#totals[at - 1] as Total;
      if (before.dueAt <= dueAt) break;
      this.#totals[at] = before;
    }
    this.#totals[at] = total;
  }
}

/** The same for one job at all times. Widths are powers of two, so that coarse ones begin where finer ones do. */
function keyOf(createdAt: number, deadlineAt: number): number {
  const parted = Math.max(LEAST_WIDTH_MS, (deadlineAt - createdAt) / PARTS);
  const width = 2 ** Math.floor(Math.log2(parted));
  return Math.floor(deadlineAt / width) * width;
}
