/** Breaches as they are told to the job's owner, and stored for whoever makes good for them. */
import { formatDuration } from '@fog/kernel';
import type { SlaTier } from '@fog/wire';
import type { Core } from '../core.ts';
import type { JobRecord } from '../job/job-record.ts';
import type { Finding } from './judge-job.ts';

interface Breach extends Finding {
  readonly tier: SlaTier;
  /** The machine that caused it, where one did. */
  readonly node?: string | undefined;
}

/** Not `isNew`: it was recorded before, and is worse by now. */
export function recordBreach(core: Core, job: JobRecord, breach: Breach, isNew: boolean): void {
  const { tier, kind, severity, value, limit, node = null } = breach;
  const time = core.clock.now();
  if (isNew) {
    core.sla.book.at(tier, time).breaches += 1;
    core.events.add(job, 'breach', {
      cause: `${valueText(breach)}; ${tier} promises ${limitText(breach)}`,
    });
  }
  core.journal.breach({
    job: job.id,
    kind,
    owner: job.owner,
    tier,
    severity,
    value,
    promised: limit,
    node,
    time,
  });
}

function valueText({ kind, value, limit }: Breach): string {
  if (kind === 'latency') {
    // Found out as soon as the promise is broken: both are the same when rounded.
    const isOver = formatDuration(value) === formatDuration(limit);
    return `it waited ${isOver ? 'more than ' : ''}${formatDuration(value)} until a task of it ran`;
  }
  if (kind === 'success') return `the fog brought ${value.toFixed(2)} % of its tasks to their end`;
  return `machines failed ${value.toFixed(2)} % of its attempts`;
}

function limitText({ kind, limit }: Breach): string {
  if (kind === 'latency') return formatDuration(limit);
  return kind === 'success' ? `${limit} %` : `at most ${limit} %`;
}
