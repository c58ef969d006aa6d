import { EXIT_CODES, FAILURES, type JobDetail } from '@fog/wire';
import { SIGNAL_EXIT_CODES } from '../exit-code.ts';
import { say, sayNext } from '../process/host.ts';
import { createJsonReport } from './json-report.ts';
import { createProgressLine, type ProgressLine, progressText } from './progress-line.ts';
import { pause } from '../connect/fog-link.ts';
import { type RunSession, waitForEnd } from './run-session.ts';
import { indexDir, saveTask } from './save-task.ts';
import { arrayResults, printOutcome } from './stream-array.ts';
import { streamTask } from './stream-task.ts';
import { createFailureTally, exitCodeOfJob, singleFailure } from './verdict.ts';

export interface SeeThroughOptions {
  readonly array: boolean;
  readonly json: boolean;
  /** Where files the program hands back go. */
  readonly outputDir: string | undefined;
  readonly embedded: boolean;
}

/** Follows a submitted job to its end and brings back what it produced; the answer is the exit code. */
export async function seeThrough(session: RunSession, options: SeeThroughOptions): Promise<number> {
  try {
    return await (options.json
      ? reportJson(session, options)
      : options.array
        ? runArray(session, options)
        : runSingle(session, options));
  } catch (error) {
    // Whatever went wrong here, nobody waits for the job any more.
    await session.link
      .client()
      .cancel(session.id)
      .catch(() => {});
    throw error;
  }
}

async function runSingle(session: RunSession, options: SeeThroughOptions): Promise<number> {
  const { host, link, id, stdout, stderr } = session;
  const task = await streamTask({
    host,
    link,
    job: id,
    index: 0,
    sinks: { stdout: (chunk) => stdout.write(chunk), stderr: (chunk) => stderr.write(chunk) },
    ended: () => waitForEnd(session, (text) => void say(host, text)),
  });
  const job = await waitForEnd(session, () => {});
  const { outcome } = task;
  if (outcome !== undefined) await saveTask(session, { ...task, outcome }, options.outputDir);
  const lines = singleFailure(job, task.attempts.length);
  return finish(session, options, { job, lines });
}

async function runArray(session: RunSession, options: SeeThroughOptions): Promise<number> {
  const progress = createProgressLine(session.host.stderr);
  const tally = createFailureTally();
  const ended = new AbortController();
  const drawing = drawProgress(session, progress, ended.signal);
  try {
    for await (const result of arrayResults(session)) {
      await progress.without(() => printOutcome(session, result));
      await saveTask(session, result, indexDir(options.outputDir, result.index));
      tally.add(result);
    }
  } finally {
    ended.abort();
    await drawing;
    await progress.clear();
  }
  const job = await waitForEnd(session, () => {});
  return finish(session, options, { job, lines: tally.sentences(job) });
}

async function reportJson(session: RunSession, options: SeeThroughOptions): Promise<number> {
  const report = createJsonReport(session.link, session.id, session.stdout);
  for await (const result of arrayResults(session)) {
    const target = options.array ? indexDir(options.outputDir, result.index) : options.outputDir;
    await report.add(result, await saveTask(session, result, target));
  }
  const job = await waitForEnd(session, () => {});
  const exitCode = exitCodeOf(session, job);
  await report.end(job, exitCode);
  if (job.failure !== undefined && !session.host.stdout.closed.aborted) {
    const { code, message } = job.failure;
    const error = { code, message, kind: FAILURES[code].class, exitCode };
    await session.stderr.write(`${JSON.stringify({ error })}\n`);
  }
  return exitCode;
}

interface Verdict {
  readonly job: JobDetail;
  readonly lines: readonly string[];
}

async function finish(
  { host }: RunSession,
  { embedded }: SeeThroughOptions,
  { job, lines }: Verdict,
): Promise<number> {
  const exitCode = exitCodeOf({ host }, job);
  // Whoever closed stdout has what he wanted: `| head -1` ends quietly.
  if (host.stdout.closed.aborted) return exitCode;
  for (const line of lines) await say(host, line);
  if (!embedded) await sayNext(host, `${host.self} job ${job.id}`);
  return exitCode;
}

function exitCodeOf({ host }: Pick<RunSession, 'host'>, job: JobDetail): number {
  if (host.stdout.closed.aborted) return SIGNAL_EXIT_CODES.SIGPIPE;
  return exitCodeOfJob(job, host.interrupts.exitCode ?? EXIT_CODES.interrupted);
}

/** Often enough to look alive, rare enough to cost nothing. */
const PROGRESS_MS = 500;
/** Open jobs looked through for the counts of this one; with more of them open the line stays as it is. */
const OPEN_JOBS = 200;

async function drawProgress(
  session: RunSession,
  progress: ProgressLine,
  signal: AbortSignal,
): Promise<void> {
  if (!session.host.stderr.isTerminal) return;
  while (!signal.aborted) {
    // Lists carry the counts without the spec, which may name 100,000 items.
    const page = await session.link
      .client()
      .jobs({ open: true, limit: OPEN_JOBS, signal })
      .catch(() => undefined);
    const job = page?.jobs.find(({ id }) => id === session.id);
    if (job !== undefined && !signal.aborted) await progress.show(progressText(job.tasks));
    await pause({ clock: session.host.clock, signal }, PROGRESS_MS).catch(() => {});
  }
}
