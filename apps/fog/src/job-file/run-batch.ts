/** Several jobs of one file: submitted at once, all or none, and seen through to their ends. */
import { randomUUID } from 'node:crypto';
import { EXIT_CODES, type Job, type JobDetail } from '@fog/wire';
import type { FogLink } from '../connect/fog-link.ts';
import { type Host, say, sayNext } from '../process/host.ts';
import { uploadRequests } from '../run/job-request.ts';
import { openSessions, type RunSession, type Watch, waitForEnd } from '../run/run-session.ts';
import { indexDir, saveTask } from '../run/save-task.ts';
import { arrayResults } from '../run/stream-array.ts';
import { exitCodeOfJob } from '../run/verdict.ts';
import { stateText } from '../show/job-text.ts';
import { printable } from '../show/printable.ts';
import type { FileJob } from './read-job-file.ts';

interface BatchFlags {
  readonly json: boolean;
  readonly detach: boolean;
}

interface BatchJob extends FileJob {
  readonly key: string;
  readonly id: string;
}

export async function runBatch(
  host: Host,
  link: FogLink,
  files: ReadonlyMap<string, FileJob>,
  flags: BatchFlags,
): Promise<number> {
  const jobs = await submitBatch(link, files, host.interrupts.asked);
  if (flags.detach) return detach(host, jobs, flags.json);
  using watch = openSessions(
    host,
    link,
    jobs.map(({ id }) => id),
  );
  const ended: { key: string; job: Job }[] = [];
  const width = Math.max(...jobs.map(({ key }) => key.length));
  try {
    for (const each of jobs) {
      const job = await seeThrough(watch, each);
      ended.push({ key: each.key, job });
      if (!flags.json) await watch.stdout.write(line(each.key.padEnd(width), job));
    }
  } catch (error) {
    // Whatever went wrong here, nobody waits for the jobs any more.
    for (const { id } of jobs)
      await link
        .client()
        .cancel(id)
        .catch(() => {});
    throw error;
  }
  const exitCode = batchExitCode(
    ended.map(({ job }) => job),
    host.interrupts.exitCode,
  );
  if (flags.json) await host.stdout.write(`${JSON.stringify({ jobs: ended, exitCode })}\n`);
  await sayNext(host, `${host.self} job ${jobs.at(-1)?.id} logs`);
  return exitCode;
}

async function submitBatch(
  link: FogLink,
  files: ReadonlyMap<string, FileJob>,
  signal: AbortSignal,
): Promise<BatchJob[]> {
  const entries = [...files];
  const requests = entries.map(([, { request }]) => request);
  const specs = await uploadRequests(link, requests, signal);
  const batch = specs.map((spec, at) => ({ key: entries[at]?.[0] ?? '', spec }));
  // Not cut short by Ctrl-C: jobs that were taken must be known to be cancelled.
  const idempotencyKey = randomUUID();
  const jobs = await link.call((client) => client.submitBatch({ jobs: batch }, { idempotencyKey }));
  return entries.map(([key, job], at) => ({ ...job, key, id: jobs[at]?.id ?? '' }));
}

async function detach(host: Host, jobs: readonly BatchJob[], json: boolean): Promise<number> {
  const rows = jobs.map(({ key, id }) => ({ key, id }));
  const lines = rows.map(({ key, id }) => `${id}  ${key}\n`).join('');
  await host.stdout.write(json ? `${JSON.stringify({ jobs: rows })}\n` : lines);
  await sayNext(host, `${host.self} jobs --open`);
  return 0;
}

/** Waits for the end of one job and saves what it hands back. */
async function seeThrough(watch: Watch, { key, id, outputDir }: BatchJob): Promise<Job> {
  const session: RunSession = { ...watch, id };
  const tell = (text: string): void => void say(watch.host, `${key}: ${text}`);
  const job = await waitForEnd(session, tell);
  if (outputDir !== undefined) {
    const isArray = job.spec.array !== undefined;
    for await (const result of arrayResults(session)) {
      await saveTask(session, result, isArray ? indexDir(outputDir, result.index) : outputDir);
    }
  }
  return withoutSpec(job);
}

function withoutSpec({ spec: _spec, ...job }: JobDetail): Job {
  return job;
}

function line(key: string, job: Job): string {
  const why = job.state === 'settled' ? '' : `: ${job.failure?.message ?? job.cause ?? ''}`;
  return `${key}  ${job.id}  ${printable(`${stateText(job)}${why}`)}\n`;
}

/** 0 when all are done, else that of the first job that failed by itself, not because of another. */
function batchExitCode(jobs: readonly Job[], interrupted: number | undefined): number {
  if (interrupted !== undefined) return interrupted;
  const failed = jobs.filter(({ state }) => state !== 'settled');
  const first = failed.find(({ failure }) => failure?.code !== 'NEED_FAILED') ?? failed[0];
  if (first === undefined) return 0;
  return exitCodeOfJob(first, undefined) || EXIT_CODES.fogFailed;
}
