/** Brings open jobs, leases and nodes back from the store, as they were at the last commit. */
import { JobSpec, type Failure, type JobState } from '@fog/wire';
import type { AttemptRow, JobRow } from '@fog/store';
import { type Core, forgetLease } from './core.ts';
import { type JobRecord, newJobRecord } from './job/job-record.ts';
import type { EndState, TaskState } from './job/task-board.ts';
import { type LeaseRecord, leaseTimes } from './lease/lease-record.ts';
import { nodeFromRow } from './registry/node-record.ts';

const ENDED = ['settled', 'failed', 'cancelled', 'expired'];

export async function lastNumbers(store: Core['store']): Promise<{ token: number; seq: number }> {
  const token = await store.db
    .selectFrom('attempt')
    .select((e) => e.fn.max('token').as('last'))
    .executeTakeFirst();
  const seq = await store.db
    .selectFrom('job_event')
    .select((e) => e.fn.max('seq').as('last'))
    .executeTakeFirst();
  return { token: token?.last ?? 0, seq: seq?.last ?? 0 };
}

export async function recover(core: Core): Promise<void> {
  const { db } = core.store;
  for (const row of await db.selectFrom('node').selectAll().execute()) {
    core.nodes.set(row.id, nodeFromRow(row));
  }
  const ended = await db
    .selectFrom('job')
    .select((e) => e.fn.countAll().as('count'))
    .where('state', 'in', ENDED)
    .executeTakeFirst();
  core.endedJobs = Number(ended?.count ?? 0);
  const open = await db
    .selectFrom('job')
    .selectAll()
    .where('state', 'not in', ENDED)
    .orderBy('created_at')
    .execute();
  for (const row of open) core.jobs.set(row.id, jobFromRow(core, row));
  await recoverTasks(core);
}

function jobFromRow(core: Core, row: JobRow): JobRecord {
  const job = newJobRecord(
    {
      id: row.id,
      owner: row.owner,
      spec: JobSpec.parse(JSON.parse(row.spec)),
      idempotencyKey: row.idempotency_key ?? undefined,
      createdAt: row.created_at,
      replicaOf:
        row.deployment === null
          ? undefined
          : { deployment: row.deployment, slot: row.replica ?? 0, version: row.revision ?? 1 },
    },
    core.openTasks,
  );
  job.state = row.state as JobState;
  job.cause = row.cause ?? undefined;
  job.failure = row.failure === null ? undefined : (JSON.parse(row.failure) as Failure);
  job.exitCode = row.exit_code ?? undefined;
  job.startedAt = row.started_at ?? undefined;
  return job;
}

/** A handful of queries for all open jobs, however many there are. */
async function recoverTasks(core: Core): Promise<void> {
  const { db } = core.store;
  const openJobs = db.selectFrom('job').select('id').where('state', 'not in', ENDED);
  const attempts = await db
    .selectFrom('attempt')
    .selectAll()
    .where('job', 'in', openJobs)
    .orderBy('token')
    .execute();
  for (const row of attempts) restoreAttempt(core, row);
  const results = await db
    .selectFrom('task_result')
    .select(['job', 'idx', 'state', 'attempts'])
    .where('job', 'in', openJobs)
    .execute();
  for (const row of results) {
    const job = core.jobs.get(row.job);
    if (job === undefined) continue;
    const lease = job.leases.get(row.idx);
    if (lease !== undefined) {
      job.leases.delete(row.idx);
      forgetLease(core, lease);
    }
    job.board.restore(row.idx, row.state as EndState, row.attempts);
    if (row.state === 'failed') job.lowestFailed = Math.min(job.lowestFailed ?? row.idx, row.idx);
  }
  for (const job of core.jobs.values()) job.durablePrefix = job.board.endedPrefix;
  const uploads = await db
    .selectFrom('lease_upload')
    .selectAll()
    .where('token', 'in', [...core.leases.keys()].slice(-MAX_RESTORED_UPLOAD_LEASES))
    .execute();
  for (const row of uploads) core.leases.get(row.token)?.uploads.set(row.content, row.size_bytes);
}

/** Leases whose uploads are looked up after a restart; older ones send theirs again. */
const MAX_RESTORED_UPLOAD_LEASES = 10_000;

function restoreAttempt(core: Core, row: AttemptRow): void {
  const job = core.jobs.get(row.job);
  if (job === undefined) return;
  const running = row.state === 'leased';
  const before = job.leases.get(row.idx);
  if (before !== undefined) before.state = 'lost';
  job.board.restore(row.idx, (running ? 'leased' : 'queued') satisfies TaskState, row.number);
  if (!running && row.state !== 'lost') {
    if (row.state === 'failed') avoid(job, row);
    return;
  }
  const lease: LeaseRecord = {
    token: row.token,
    job,
    index: row.idx,
    attempt: row.number,
    node: row.node,
    leasedAt: row.leased_at,
    ...leaseTimes(core, job),
    state: running ? 'leased' : 'lost',
    phase: undefined,
    uploads: new Map(),
  };
  if (!running) avoid(job, row);
  job.leases.set(row.idx, lease);
  job.tokens.add(row.token);
  core.leases.set(row.token, lease);
  if (running) core.nodes.get(row.node)?.leases.set(row.token, lease);
}

function avoid(job: JobRecord, row: AttemptRow): void {
  job.avoid.set(row.idx, (job.avoid.get(row.idx) ?? new Set()).add(row.node));
}
