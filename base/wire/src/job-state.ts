import { z } from 'zod';

export const JOB_STATES = [
  'submitted',
  'queued',
  'placing',
  'staging',
  'running',
  'uploading',
  'verifying',
  'settled',
  'failed',
  'cancelled',
  'expired',
] as const;
export const JobState = z.enum(JOB_STATES);
export type JobState = z.infer<typeof JobState>;

const TERMINAL: ReadonlySet<JobState> = new Set(['settled', 'failed', 'cancelled', 'expired']);

export function isTerminal(state: JobState): boolean {
  return TERMINAL.has(state);
}
