/** What a replay comes to. */
import type { ReplayJob } from './replay-job.ts';
import type { Outcome } from './simulation.ts';
import { aloneMs } from './trace.ts';

export interface Measures {
  /** Mean over all jobs. */
  readonly slowdown: number;
  readonly slowdownP95: number;
  /** Percent of the jobs with a deadline that ended after it. */
  readonly deadlineMiss: number;
  /** Jain's index over users of the mean speed their jobs had, as a share of running alone: 1 is fair. */
  readonly jain: number;
  /** The 99th percentile of the real time of one round. */
  readonly decisionMs: number;
  readonly unfinished: number;
  /** Percent of the runs that ended with their node. */
  readonly lost: number;
}

/** Shorter runs count as this long, or the shortest jobs would decide everything. */
const BOUND_MS = 10_000;

/** (wait + run) / run, bounded below by 1. */
export function boundedSlowdown(job: ReplayJob, nowMs: number): number {
  const responseMs = (job.endedMs ?? nowMs) - job.traced.submitMs;
  return Math.max(1, responseMs / Math.max(aloneMs(job.traced), BOUND_MS));
}

export function measuresOf(outcome: Outcome): Measures {
  const { jobs, endedMs, decisionMs, unfinished } = outcome;
  const slowdowns = jobs.map((job) => boundedSlowdown(job, endedMs));
  const dated = jobs.filter(({ traced }) => traced.dueMs !== undefined);
  const missed = dated.filter(({ traced, endedMs: at }) => (at ?? Infinity) > (traced.dueMs ?? 0));
  return {
    slowdown: mean(slowdowns),
    slowdownP95: quantile(slowdowns, 0.95),
    deadlineMiss: (100 * missed.length) / Math.max(1, dated.length),
    jain: jainIndex(speedPerUser(jobs, slowdowns)),
    decisionMs: quantile(decisionMs, 0.99),
    unfinished,
    lost: (100 * outcome.lost) / Math.max(1, outcome.started),
  };
}

/** Jain, Chiu and Hawe 1984: (Σx)² / (n Σx²). */
export function jainIndex(values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0);
  const squares = values.reduce((total, value) => total + value ** 2, 0);
  return squares === 0 ? 1 : sum ** 2 / (values.length * squares);
}

function speedPerUser(jobs: readonly ReplayJob[], slowdowns: readonly number[]): number[] {
  const users = new Map<string, number[]>();
  for (const [at, { traced }] of jobs.entries()) {
    const speeds = users.get(traced.user) ?? [];
    users.set(traced.user, speeds);
    speeds.push(1 / (slowdowns[at] ?? 1));
  }
  return [...users.values()].map(mean);
}

export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
