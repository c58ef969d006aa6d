import { formatDuration } from '@fog/kernel';
import { isTerminal, type Job, type JobDetail, type JobEvent } from '@fog/wire';
import { printable } from './printable.ts';
import { table } from './table.ts';
import { ago, clockTime } from './time.ts';

/** The states between submission and end are one to a person who looks at a list. */
export function stateText(job: Job): string {
  if (isTerminal(job.state)) return job.state === 'settled' ? 'done' : job.state;
  return job.tasks.running > 0 ? 'running' : 'waiting';
}

function doneText({ tasks }: Job): string {
  const done = tasks.settled + tasks.failed + tasks.cancelled;
  return `${done}/${tasks.total}`;
}

function durationText(job: Job, now: number): string {
  if (job.startedAt === undefined) return '-';
  return formatDuration((job.endedAt ?? now) - job.startedAt);
}

export function jobsTable(jobs: readonly Job[], now: number): string {
  const rows = jobs.map((job) => [
    job.id,
    job.name,
    stateText(job),
    doneText(job),
    job.exitCode === undefined ? '-' : String(job.exitCode),
    durationText(job, now),
    ago(now, job.createdAt),
  ]);
  const head = ['JOB', 'NAME', 'STATE', 'TASKS', 'EXIT', 'TIME', 'CREATED'];
  return table([head, ...rows], { right: [3, 4] });
}

export function jobText(job: JobDetail, now: number): string {
  const { tasks, spec } = job;
  const program = [spec.moduleName, ...spec.args].join(' ');
  const rows: [string, string | undefined][] = [
    ['job', job.id],
    ['name', job.name],
    ['state', `${stateText(job)}${job.cause === undefined ? '' : `: ${job.cause}`}`],
    ['exit code', job.exitCode?.toString()],
    [
      'failure',
      job.failure === undefined ? undefined : `${job.failure.code}: ${job.failure.message}`,
    ],
    ['program', `${program} (${spec.runtime})`],
    ['tier', spec.tier],
    ['class', spec.class],
    [
      'tasks',
      `${tasks.total}: ${tasks.settled} done, ${tasks.failed} failed, ${tasks.cancelled} cancelled, ${tasks.running} running, ${tasks.queued} waiting`,
    ],
    ['created', `${clockTime(job.createdAt)} (${ago(now, job.createdAt)})`],
    [
      job.endedAt === undefined ? 'runs for' : 'took',
      job.startedAt === undefined ? undefined : durationText(job, now),
    ],
  ];
  return rows
    .flatMap(([name, value]) =>
      value === undefined ? [] : [`${name.padEnd(10)} ${printable(value)}\n`],
    )
    .join('');
}

export function eventsTable(events: readonly JobEvent[]): string {
  return table([['TIME', 'TASK', 'EVENT', 'NODE', 'CAUSE'], ...events.map(eventCells)]);
}

/** Width of the columns before the last, when the rows to come are not known. */
const EVENT_WIDTHS = [19, 8, 12, 8];

/** One row of a table that grows. */
export function eventLine(event: JobEvent): string {
  const cells = eventCells(event).map((cell, at) => printable(cell).padEnd(EVENT_WIDTHS[at] ?? 0));
  return `${cells.join('  ').trimEnd()}\n`;
}

function eventCells({ time, index, type, node, cause }: JobEvent): string[] {
  return [
    clockTime(time),
    index === undefined ? '' : `[${index}]`,
    type,
    node?.slice(0, 8) ?? '',
    cause ?? '',
  ];
}
