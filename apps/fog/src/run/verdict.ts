import { EXIT_CODES, type Job, type TaskOutcome } from '@fog/wire';

/** Failed tasks told one by one; the rest is counted. */
const MAX_TOLD = 5;

/** Exit code of `fog run` for an ended job. */
export function exitCodeOfJob(job: Job, interruptCode: number | undefined): number {
  if (job.state === 'cancelled') return interruptCode ?? EXIT_CODES.interrupted;
  if (job.exitCode !== undefined) return job.exitCode;
  return job.state === 'settled' ? 0 : EXIT_CODES.fogFailed;
}

/** Sentences for stderr about a single job that did not end with 0; none when it did. */
export function singleFailure(job: Job, attempts: number): string[] {
  const text = job.failure?.message ?? job.cause;
  if (job.state === 'settled' || text === undefined) return [];
  const tries = attempts > 1 ? ` (after ${attempts} attempts)` : '';
  return [`${text}${tries}`];
}

export interface FailureTally {
  add(result: TaskOutcome): void;
  /** Sentences for stderr about the failed tasks of an array; none when all succeeded. */
  sentences(job: Job): string[];
}

export function createFailureTally(): FailureTally {
  const told: string[] = [];
  let failed = 0;
  return {
    add: ({ index, outcome }) => {
      if (outcome.failure === undefined || outcome.failure.code === 'CANCELLED') return;
      failed += 1;
      if (told.length < MAX_TOLD) told.push(`task ${index}: ${outcome.failure.message}`);
    },
    sentences: (job) => {
      const lines = [...told];
      if (failed > told.length) lines.push(`and ${failed - told.length} more tasks failed`);
      if (failed > 0) lines.push(`${failed} of ${job.tasks.total} tasks failed`);
      if (job.state === 'cancelled') lines.push(job.failure?.message ?? 'the job was cancelled');
      if (lines.length === 0 && job.state !== 'settled') lines.push(job.cause ?? 'the job failed');
      return lines;
    },
  };
}
