/** Breaches as they are told to the job's owner, and stored for whoever makes good for them. */
import { errorMessage, formatDuration } from '@fog/kernel';
import type { SlaTier } from '@fog/wire';
import type { Core } from '../core.ts';
import type { JobRecord } from '../job/job-record.ts';
import type { Finding } from './judge-job.ts';

interface Breach extends Finding {
  readonly tier: SlaTier;
  /** The machine that caused it, where one did. */
  readonly node?: string | undefined;
}

/** Not `isNew`: it was recorded before, and is worse by now. The row shares the transaction of this turn. */
export function recordBreach(core: Core, job: JobRecord, breach: Breach, isNew: boolean): void {
  const { tier, kind, severity, value, limit, node = null } = breach;
  const time = core.clock.now();
  if (isNew) {
    core.sla.book.at(tier, time).breaches += 1;
    core.events.add(job, 'breach', {
      cause: `${valueText(breach)}; ${tier} promises ${limitText(breach)}`,
    });
  }
  const found = { severity, value, node };
  const row = { job: job.id, kind, owner: job.owner, tier, promised: limit, time, ...found };
  const store = core.store.write(async (trx) => {
    await trx
      .insertInto('sla_breach')
      .values(row)
      .onConflict((c) => c.columns(['job', 'kind']).doUpdateSet(found))
      .execute();
  });
  store.catch((error: unknown) => {
    core.logger.warn('a breach was not stored', { job: job.id, cause: errorMessage(error) });
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
