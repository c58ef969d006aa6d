/** Whether one job got what its tier promises. Pure. */
import { type SlaBreach, type SlaTier, TIER_PROMISES } from '@fog/wire';

export type Finding = Pick<SlaBreach, 'kind' | 'severity' | 'value' | 'limit'>;

/** How far beyond the promise a breach is a grave one. */
const GRAVE_LATENCY = 1.5;
const GRAVE_ERRORS = 2;

export interface JobFigures {
  readonly tasks: number;
  /** Tasks whose program the fog did not bring to its end. */
  readonly failedTasks: number;
  readonly attempts: number;
  readonly failedAttempts: number;
}

export function judgeWait(tier: SlaTier, waitMs: number): Finding | undefined {
  const { startMs: limit } = TIER_PROMISES[tier];
  if (waitMs <= limit) return undefined;
  const severity = waitMs > GRAVE_LATENCY * limit ? 'high' : 'medium';
  return { kind: 'latency', severity, value: waitMs, limit };
}

export function judgeEnd(tier: SlaTier, figures: JobFigures): Finding[] {
  return [judgeTasks(tier, figures), judgeAttempts(tier, figures)].filter(
    (finding) => finding !== undefined,
  );
}

function judgeTasks(tier: SlaTier, { tasks, failedTasks }: JobFigures): Finding | undefined {
  if (failedTasks === 0) return undefined;
  const { successPct: limit } = TIER_PROMISES[tier];
  const failedPct = (failedTasks / tasks) * 100;
  const allowedPct = 100 - limit;
  if (failedPct <= allowedPct) return undefined;
  const severity = failedPct > GRAVE_ERRORS * allowedPct ? 'high' : 'medium';
  return { kind: 'success', severity, value: 100 - failedPct, limit };
}

/** The number allowed is rounded up: one lost attempt of a small job is repeated, and breaks nothing. */
function judgeAttempts(
  tier: SlaTier,
  { attempts, failedAttempts }: JobFigures,
): Finding | undefined {
  const { errorPct: limit } = TIER_PROMISES[tier];
  if (failedAttempts <= Math.ceil((attempts * limit) / 100)) return undefined;
  const value = (failedAttempts / attempts) * 100;
  return {
    kind: 'errors',
    severity: value > GRAVE_ERRORS * limit ? 'high' : 'medium',
    value,
    limit,
  };
}
