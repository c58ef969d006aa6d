/** Brings the measures of the last day back, and what open jobs got so far. */
import type { Outcome } from '@fog/wire';
import type { Core } from '../core.ts';
import type { JobRecord } from '../job/job-record.ts';
import { COUNTED } from '../lease/lease-record.ts';
import { addPromised, type PromisedJob } from './sla-state.ts';
import { SLA_SPAN_MS } from './sla-book.ts';
import { windowFromRow } from './window-row.ts';

/** Jobs looked up by one statement. */
const JOBS_PER_STATEMENT = 500;

export async function recoverSla(core: Core): Promise<void> {
  const rows = await core.store.db
    .selectFrom('sla_window')
    .selectAll()
    .where('since', '>=', core.clock.now() - SLA_SPAN_MS)
    .execute();
  for (const row of rows) core.sla.book.restore(windowFromRow(row));
  for (const job of core.jobs.values()) addPromised(core.sla, job);
  const jobs = [...core.sla.promised.keys()];
  for (let from = 0; from < jobs.length; from += JOBS_PER_STATEMENT) {
    await recoverJobs(core, jobs.slice(from, from + JOBS_PER_STATEMENT));
  }
}

async function recoverJobs(core: Core, jobs: readonly JobRecord[]): Promise<void> {
  const ids = jobs.map(({ id }) => id);
  await recoverAttempts(core, ids);
  const { db } = core.store;
  const told = db.selectFrom('sla_breach').select('job').where('kind', '=', 'latency');
  for (const { job } of await told.where('job', 'in', ids).execute()) {
    const promised = promisedOf(core, job);
    if (promised !== undefined) promised.isToldLate = true;
  }
  const failed = await db
    .selectFrom('task_result')
    .select(['job', 'outcome'])
    .where('job', 'in', ids)
    .where('state', '=', 'failed')
    .execute();
  for (const { job, outcome } of failed) {
    const promised = promisedOf(core, job);
    const { failure } = JSON.parse(outcome) as Outcome;
    if (promised !== undefined && failure?.class === 'fog') promised.failedTasks += 1;
  }
}

/** As `noteResult` and `noteLoss` counted them: what the fog took back, or did not want any more, is neither. */
async function recoverAttempts(core: Core, ids: readonly string[]): Promise<void> {
  const ended = await core.store.db
    .selectFrom('attempt')
    .select((e) => [
      'job',
      'state',
      e.fn.countAll().as('count'),
      e.fn.count('failure').as('losses'),
    ])
    .where('job', 'in', ids)
    .where('state', 'in', ['failed', 'lost', 'late', ...COUNTED])
    .where('kind', '!=', 'known-answer')
    .groupBy(['job', 'state'])
    .execute();
  for (const { job, state, count, losses } of ended) {
    const promised = promisedOf(core, job);
    if (promised === undefined) continue;
    const isResult = COUNTED.has(state);
    promised.attempts += Number(isResult ? count : losses);
    if (!isResult) promised.failedAttempts += Number(losses);
  }
}

function promisedOf(core: Core, id: string): PromisedJob | undefined {
  const job = core.jobs.get(id);
  return job === undefined ? undefined : core.sla.promised.get(job);
}
