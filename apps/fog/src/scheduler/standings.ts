/** What the rounds of a comparison say of each strategy; differences within the noise count for nothing. */
import type { BatchStrategy } from '@fog/wire';

/** One batch that ran once under one strategy. */
export interface MeasuredRun {
  readonly strategy: BatchStrategy;
  readonly job: string;
  /** From being sent to its end. */
  readonly makespanMs: number;
  /** From being sent to the first run of a task: part of `makespanMs`. */
  readonly beganMs: number;
  /** µ-credits by the nodes' asking prices, for what the tasks held as long as they ran; absent where they are not told. */
  readonly cost?: number | undefined;
  readonly failures: number;
  /** Of the nodes used, by task; one without evidence counts as a newcomer. Absent as `cost` is, or where none ran. */
  readonly trust?: number | undefined;
  readonly perNode: Readonly<Record<string, number>>;
}

/** A strategy by its rounds: figures are medians, job and nodes those of the round in the middle. */
export interface Standing extends MeasuredRun {
  /** Of all rounds. */
  readonly failures: number;
  readonly makespans: readonly number[];
  readonly dominatedBy: readonly BatchStrategy[];
}

/** Runs of one and the same plan differ by as much, even where the few measured do not. */
const NOISE = 0.05;

/** What is compared, all minimised; each in all rounds, or of all. */
type Figures = readonly (readonly number[])[];

export function standings(runs: readonly MeasuredRun[]): Standing[] {
  const strategies = [...new Set(runs.map(({ strategy }) => strategy))];
  const rounds = strategies.map((name) => runs.filter(({ strategy }) => strategy === name));
  const told = {
    cost: runs.every(({ cost }) => cost !== undefined),
    trust: runs.every(({ trust }) => trust !== undefined),
  };
  const figures = rounds.map((own) => figuresOf(own, told));
  return rounds.map((own, at) => ({
    ...middleRound(own),
    cost: medianOfAll(own.map(({ cost }) => cost)),
    trust: medianOfAll(own.map(({ trust }) => trust)),
    beganMs: median(own.map(({ beganMs }) => beganMs)),
    makespanMs: median(own.map(({ makespanMs }) => makespanMs)),
    failures: failuresOf(own),
    makespans: own.map(({ makespanMs }) => makespanMs),
    dominatedBy: strategies.filter((_, other) =>
      dominates(figures[other] ?? [], figures[at] ?? []),
    ),
  }));
}

/** What is not told of all runs is not compared. */
function figuresOf(
  rounds: readonly MeasuredRun[],
  told: { readonly cost: boolean; readonly trust: boolean },
): Figures {
  return [
    rounds.map(({ makespanMs }) => makespanMs),
    rounds.map(({ cost }) => (told.cost ? (cost ?? 0) : 0)),
    // Not the median: a failure in one round of three is one.
    [failuresOf(rounds)],
    rounds.map(({ trust }) => (told.trust ? 1 - (trust ?? 0) : 0)),
  ];
}

function failuresOf(rounds: readonly MeasuredRun[]): number {
  return rounds.reduce((sum, { failures }) => sum + failures, 0);
}

/** Undefined where one is not told. */
function medianOfAll(values: readonly (number | undefined)[]): number | undefined {
  const told = values.filter((value) => value !== undefined);
  return told.length < values.length ? undefined : median(told);
}

/** By time; the earlier of two in the middle. */
function middleRound(rounds: readonly MeasuredRun[]): MeasuredRun {
  const sorted = rounds.toSorted((a, b) => a.makespanMs - b.makespanMs);
  return sorted[Math.floor((sorted.length - 1) / 2)] as MeasuredRun;
}

/** No worse in anything, and better in something by more than rounds of one strategy differ. */
function dominates(a: Figures, b: Figures): boolean {
  const pairs = a.map((values, at) => [values, b[at] ?? []] as const);
  return (
    pairs.every(([left, right]) => !isAbove(left, right, 0)) &&
    pairs.some(([left, right]) => isAbove(right, left, Math.max(spread(left), spread(right))))
  );
}

function isAbove(a: readonly number[], b: readonly number[], noise: number): boolean {
  const [left, right] = [median(a), median(b)];
  return left - right > Math.max(NOISE * Math.max(left, right), noise);
}

function spread(values: readonly number[]): number {
  return Math.max(...values) - Math.min(...values);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2;
}
