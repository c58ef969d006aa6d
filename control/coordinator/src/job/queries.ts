/** Reads for the API: ended work from the store, open work from memory and store together. */
import {
  type Attempt,
  type Failure,
  failedOutcome,
  isTerminal,
  type Job,
  type JobDetail,
  type JobEvent,
  JobSpec,
  type JobState,
  type JobsPage,
  type Outcome,
  type ResultsPage,
  type SignedManifest,
  type Task,
  type TaskOutcome,
  type Verification,
} from '@fog/wire';
import type { AttemptRow, JobRow, TaskResultRow } from '@fog/store';
import type { WaitOptions } from '../api.ts';
import type { Core } from '../core.ts';
import { fail } from '../errors.ts';
import { eventFromRow } from './job-events.ts';
import { type JobRecord, jobDetail, openJobView, storedJobView } from './job-record.ts';
import { taskProof } from '../verify/task-proof.ts';
import { waitForNews } from './wait-for-news.ts';

const SUMMARY = [
  'id',
  'owner',
  'name',
  'state',
  'task_count',
  'settled',
  'failed',
  'cancelled',
  'idempotency_key',
  'cause',
  'exit_code',
  'failure',
  'created_at',
  'started_at',
  'ended_at',
  'deployment',
  'replica',
  'revision',
] as const;

export class JobQueries {
  readonly #core: Core;
  readonly #waitingFor: (job: JobRecord) => string | undefined;

  /** `waitingFor` explains why a queued job does not run. */
  constructor(core: Core, waitingFor: (job: JobRecord) => string | undefined) {
    this.#core = core;
    this.#waitingFor = waitingFor;
  }

  async job(account: string, id: string, wait?: WaitOptions): Promise<JobDetail> {
    const open = this.#open(account, id);
    if (open !== undefined && wait !== undefined && wait.waitMs > 0) {
      await waitForNews(this.#core, open, wait, () => !this.#core.jobs.has(id));
    }
    return this.#detail(account, id);
  }

  async #detail(account: string, id: string): Promise<JobDetail> {
    const open = this.#open(account, id);
    if (open !== undefined) return jobDetail(this.#openView(open), open.spec);
    const row = await this.#row(account, id);
    return jobDetail(storedJobView(row), JobSpec.parse(JSON.parse(row.spec)));
  }

  #openView(job: JobRecord): Job {
    const view = openJobView(job);
    if (isTerminal(job.state)) return { ...view, state: 'verifying' };
    const cause = view.cause ?? this.#waitingFor(job);
    return cause === undefined ? view : { ...view, cause };
  }

  async jobs(
    account: string,
    query: { readonly open: boolean; readonly limit: number; readonly after?: string },
  ): Promise<JobsPage> {
    let select = this.#core.store.db.selectFrom('job').select(SUMMARY).where('owner', '=', account);
    if (query.open) {
      select = select.where('state', 'not in', ['settled', 'failed', 'cancelled', 'expired']);
    }
    if (query.after !== undefined) {
      const { createdAt } = await this.#detail(account, query.after);
      const after = query.after;
      select = select.where((e) =>
        e.or([
          e('created_at', '<', createdAt),
          e.and([e('created_at', '=', createdAt), e('id', '<', after)]),
        ]),
      );
    }
    const rows = await select
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .limit(query.limit + 1)
      .execute();
    const jobs = rows.slice(0, query.limit).map((row) => {
      const open = this.#core.jobs.get(row.id);
      return open === undefined ? storedJobView(row) : this.#openView(open);
    });
    const last = jobs.at(-1);
    return rows.length > query.limit && last !== undefined ? { jobs, next: last.id } : { jobs };
  }

  async results(
    account: string,
    id: string,
    query: { readonly from: number; readonly limit: number } & WaitOptions,
  ): Promise<ResultsPage> {
    const open = this.#open(account, id);
    const total = open?.board.total ?? (await this.#row(account, id)).task_count;
    if (open !== undefined && query.waitMs > 0 && query.from < total) {
      await this.#waitForResult(open, query);
    }
    const ended = !this.#core.jobs.has(id);
    const rows = await this.#core.store.db
      .selectFrom('task_result')
      .selectAll()
      .where('job', '=', id)
      .where('idx', '>=', query.from)
      .orderBy('idx')
      .limit(query.limit)
      .execute();
    const results = contiguous(rows, { ...query, to: ended ? total : 0 });
    return { results, next: query.from + results.length, total };
  }

  /** Until the result of task `from` can be read; the tasks before it may still run. */
  async #waitForResult(
    job: JobRecord,
    query: { readonly from: number } & WaitOptions,
  ): Promise<void> {
    const { journal, jobs } = this.#core;
    const isStored = (): boolean => !jobs.has(job.id) || job.durablePrefix > query.from;
    await waitForNews(this.#core, job, query, () => isStored() || job.board.hasEnded(query.from));
    if (!isStored()) await journal.committed();
  }

  async task(account: string, id: string, index: number): Promise<Task> {
    const open = this.#open(account, id);
    const stored = open === undefined ? await this.#row(account, id) : undefined;
    const total = open?.board.total ?? stored?.task_count ?? 0;
    if (index >= total) {
      throw fail('COORDINATOR_NO_TASK', {
        message: `Job ${id} has no task ${index}: its last is ${total - 1}.`,
      });
    }
    const { db } = this.#core.store;
    const attempts = await db
      .selectFrom('attempt')
      .selectAll()
      .where('job', '=', id)
      .where('idx', '=', index)
      .orderBy('token')
      .execute();
    const row = await db
      .selectFrom('task_result')
      .selectAll()
      .where('job', '=', id)
      .where('idx', '=', index)
      .executeTakeFirst();
    const isEnded = stored !== undefined && isTerminal(stored.state as JobState);
    const view = taskView(index, this.#attempts(attempts), { row, job: open, isEnded });
    const proof = await this.#proof(account, id, attempts, view.outcome);
    return proof === undefined ? view : { ...view, proof };
  }

  /** A check of an ended task does not outlive a restart: it is lost when no lease is known. */
  #attempts(rows: readonly AttemptRow[]): Attempt[] {
    const { leases } = this.#core;
    return rows.map((row) => {
      const view = attemptView(row);
      return view.state === 'leased' && !leases.has(row.token) ? { ...view, state: 'lost' } : view;
    });
  }

  async #proof(
    account: string,
    id: string,
    attempts: readonly AttemptRow[],
    outcome: Outcome | undefined,
  ): Promise<SignedManifest | undefined> {
    const attempt = attempts.find(({ state }) => state === 'accepted');
    if (attempt === undefined || outcome === undefined) return undefined;
    const { spec } = await this.#detail(account, id);
    const inputs = [...(this.#core.jobs.get(id)?.inputs ?? spec.inputs)];
    return taskProof(this.#core, { job: { id, spec, inputs }, attempt, outcome });
  }

  async events(
    account: string,
    id: string,
    query: { readonly after: number; readonly limit: number },
  ): Promise<JobEvent[]> {
    if (this.#open(account, id) === undefined) await this.#row(account, id);
    const rows = await this.#core.store.db
      .selectFrom('job_event')
      .selectAll()
      .where('job', '=', id)
      .where('seq', '>', query.after)
      .orderBy('seq')
      .limit(query.limit)
      .execute();
    return rows.map(eventFromRow);
  }

  async accountEvents(
    account: string,
    query: { readonly after: number; readonly limit: number },
  ): Promise<JobEvent[]> {
    const rows = await this.#core.store.db
      .selectFrom('job_event')
      .innerJoin('job', 'job.id', 'job_event.job')
      .selectAll('job_event')
      .where('job.owner', '=', account)
      .where('job_event.seq', '>', query.after)
      .orderBy('job_event.seq')
      .limit(query.limit)
      .execute();
    return rows.map(eventFromRow);
  }

  /** The open job of this account; undefined when it has ended or is not known. */
  #open(account: string, id: string): JobRecord | undefined {
    const job = this.#core.jobs.get(id);
    if (job !== undefined && job.owner !== account) throw noJob(id);
    return job;
  }

  async #row(account: string, id: string): Promise<JobRow> {
    const row = await this.#core.store.db
      .selectFrom('job')
      .selectAll()
      .where('id', '=', id)
      .where('owner', '=', account)
      .executeTakeFirst();
    if (row === undefined) throw noJob(id);
    return row;
  }
}

/** The same answer for a job that is not there and for another account's. */
export function noJob(id: string): Error {
  return fail('COORDINATOR_NO_JOB', {
    message: `There is no job ${id}. "fog jobs" lists yours.`,
    details: { job: id },
  });
}

/** Results without gap from `from` on; below `to` a missing row is a task cancelled with its job. */
function contiguous(
  rows: readonly TaskResultRow[],
  range: { readonly from: number; readonly limit: number; readonly to: number },
): TaskOutcome[] {
  const byIndex = new Map(rows.map((row) => [row.idx, row]));
  const results: TaskOutcome[] = [];
  for (let index = range.from; results.length < range.limit; index += 1) {
    const row = byIndex.get(index);
    if (row !== undefined) results.push(outcomeView(row));
    else if (index < range.to) results.push(cancelledTask(index));
    else break;
  }
  return results;
}

function cancelledTask(index: number): TaskOutcome {
  return { index, state: 'cancelled', attempts: 0, outcome: failedOutcome('CANCELLED') };
}

function outcomeView(row: TaskResultRow): TaskOutcome {
  return {
    index: row.idx,
    state: row.state as JobState,
    ...(row.node === null ? {} : { node: row.node }),
    ...verificationView(row),
    attempts: row.attempts,
    outcome: JSON.parse(row.outcome) as Outcome,
  };
}

function taskView(
  index: number,
  views: Attempt[],
  {
    row,
    job,
    isEnded,
  }: {
    readonly row: TaskResultRow | undefined;
    readonly job: JobRecord | undefined;
    /** Of the job, before `row` was looked for. */
    readonly isEnded: boolean;
  },
): Task {
  if (row !== undefined) {
    const { attempts: _count, ...view } = outcomeView(row);
    return { ...view, attempts: views };
  }
  if (isEnded) return { ...cancelledTask(index), attempts: views };
  // Another coordinator knows where an open one stands.
  if (job === undefined) return { index, state: 'queued', attempts: views };
  const lease = job.leases.get(index);
  if (lease === undefined || lease.state === 'lost') {
    const isVoting = (job.ballots.get(index)?.votes.length ?? 0) > 0;
    return { index, state: isVoting ? 'verifying' : 'queued', attempts: views };
  }
  return { index, state: lease.phase ?? 'placing', node: lease.node, attempts: views };
}

function verificationView(row: TaskResultRow): Pick<TaskOutcome, 'verification'> {
  if (row.verification === null) return {};
  return { verification: JSON.parse(row.verification) as Verification };
}

function attemptView(row: AttemptRow): Attempt {
  return {
    number: row.number,
    token: row.token,
    node: row.node,
    leasedAt: row.leased_at,
    state: row.state as Attempt['state'],
    kind: row.kind as NonNullable<Attempt['kind']>,
    ...(row.digest === null ? {} : { digest: row.digest }),
    ...(row.ended_at === null ? {} : { endedAt: row.ended_at }),
    ...(row.failure === null ? {} : { failure: JSON.parse(row.failure) as Failure }),
  };
}
