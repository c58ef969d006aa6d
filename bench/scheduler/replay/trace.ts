/** What was submitted, when and by whom: the input of a replay, synthetic or recorded. */

export interface TraceJob {
  readonly submitMs: number;
  /** Of each of its tasks, on a core of speed 1. The scheduler never sees it. */
  readonly runMs: number;
  /** Tasks of one slot each. */
  readonly tasks: number;
  readonly memoryBytes: number;
  readonly user: string;
  /** What the user runs again and again: its past runs are all a scheduler knows of the next. */
  readonly program: string;
  /** When it should have ended; absent for most. */
  readonly dueMs?: number;
}

export interface Trace {
  readonly name: string;
  /** In order of submission. */
  readonly jobs: readonly TraceJob[];
}

/** Slots a job may hope for at once: an array ten times as wide is no ten times slower for it. */
const FAIR_WIDTH = 64;

/** Run time of the job on slots of speed 1 of its own: the `r` of its slowdown. */
export function aloneMs({ runMs, tasks }: TraceJob): number {
  return runMs * Math.ceil(tasks / FAIR_WIDTH);
}

/** All work in it, in milliseconds of a core of speed 1. */
export function workMs({ jobs }: Trace): number {
  return jobs.reduce((sum, job) => sum + job.runMs * job.tasks, 0);
}

export function spanMs({ jobs }: Trace): number {
  return (jobs.at(-1)?.submitMs ?? 0) - (jobs[0]?.submitMs ?? 0);
}
