import type { WaitingJob } from './job-queues.ts';

/** Waiting that is worth one step of priority, for work of which nobody knows yet how long it takes. */
const AGEING_MS = 60_000;
/** The same for the shortest work: below that all is equally short. */
const MIN_AGEING_MS = 5_000;
/** The same for the longest work: in ten hours it comes before all that is new in its class. */
const MAX_AGEING_MS = 3_600_000;
/** Steps by which a class comes before the lowest: more than all priorities, so that only waiting makes up for it. */
const CLASS_STEPS = { S: 20, A: 10, B: 0 };
/** Slots a job may hope for: as if its tasks ran on so many at once, its work takes so long. */
const HOPED_WIDTH = 64;
/** Steps that work with a deadline has gained when it is due. */
const STEPS_UNTIL_DUE = 4;

/**
 * Lower is sooner: the priority, less the steps of its class, less one for each time the job has waited as long
 * as its work takes. Short work passes long work and delays it little (highest response ratio next: Hansen, "An
 * analysis of response ratio scheduling", 1971), long work that has waited long comes first all the same. A
 * deadline that is near makes the steps shorter.
 */
export function urgencyOf(job: WaitingJob, usualMs: number | undefined, now: number): number {
  const waitedMs = Math.max(0, now - job.createdAt);
  const before = CLASS_STEPS[job.spec.class ?? 'B'];
  return job.priority - before - Math.floor(waitedMs / stepMs(job, usualMs));
}

function stepMs({ board, createdAt, spec }: WaitingJob, usualMs = AGEING_MS): number {
  const workMs = usualMs * Math.max(1, board.open / HOPED_WIDTH);
  const step = Math.min(MAX_AGEING_MS, Math.max(MIN_AGEING_MS, workMs));
  if (spec.deadlineAt === undefined) return step;
  return Math.max(1, Math.min(step, (spec.deadlineAt - createdAt) / STEPS_UNTIL_DUE));
}
