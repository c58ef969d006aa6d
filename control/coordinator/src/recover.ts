/** Brings open jobs, leases and nodes back from the store, as they were at the last commit. */
import { JOB_STATES, type JobSpec, type Failure, type JobState, Outcome } from '@fog/wire';
import type { AttemptRow, JobRow } from '@fog/store';
import { type Core, forgetLease } from './core.ts';
import { recoverDeployments } from './deployment/recover-deployments.ts';
import { type JobRecord, newJobRecord } from './job/job-record.ts';
import type { EndState, TaskState } from './job/task-board.ts';
import { type LeaseRecord, leaseTimes } from './lease/lease-record.ts';
import { nodeFromRow } from './registry/node-record.ts';
import { recoverPrices } from './registry/prices.ts';
import { recoverReputation } from './reputation/evidence-log.ts';
import { recoverRelays } from './reputation/relay-evidence.ts';
import { recoverSla } from './sla/recover-sla.ts';
import { ballotOf, isReplicated } from './verify/ballot.ts';
import { copiesWanted } from './verify/decide.ts';
import type { Proof } from './verify/proofs.ts';
import { doubt } from './verify/tally.ts';
import { newVote } from './verify/vote-record.ts';

const ENDED = ['settled', 'failed', 'cancelled', 'expired'];
const OPEN = JOB_STATES.filter((state) => !ENDED.includes(state));

/** The highest numbers given out before this start. */
export interface LastNumbers {
  readonly token: number;
  readonly seq: number;
  readonly batch?: number;
  readonly evidence?: number;
}

export async function lastNumbers(store: Core['store']): Promise<LastNumbers> {
  const token = await store.db
    .selectFrom('attempt')
    .select((e) => e.fn.max('token').as('last'))
    .executeTakeFirst();
  const seq = await store.db
    .selectFrom('job_event')
    .select((e) => e.fn.max('seq').as('last'))
    .executeTakeFirst();
  const batch = await store.db
    .selectFrom('result_batch')
    .select((e) => e.fn.max('id').as('last'))
    .executeTakeFirst();
  const evidence = await store.db
    .selectFrom('evidence')
    .select((e) => e.fn.max('id').as('last'))
    .executeTakeFirst();
  return {
    token: token?.last ?? 0,
    seq: seq?.last ?? 0,
    batch: batch?.last ?? 0,
    evidence: evidence?.last ?? 0,
  };
}

export async function recover(core: Core): Promise<void> {
  const { db } = core.store;
  for (const row of await db.selectFrom('node').selectAll().execute()) {
    core.nodes.set(row.id, nodeFromRow(row));
  }
  await recoverPrices(core);
  const ended = await db
    .selectFrom('job')
    .select((e) => e.fn.countAll().as('count'))
    .where('state', 'in', ENDED)
    .executeTakeFirst();
  core.endedJobs = Number(ended?.count ?? 0);
  const open = await db
    .selectFrom('job')
    .selectAll()
    .where('state', 'in', OPEN)
    .orderBy('created_at')
    .execute();
  const specs = new Map<string, JobSpec>();
  for (const row of open) core.jobs.set(row.id, jobFromRow(core, row, specOf(row.spec, specs)));
  await recoverTasks(core);
  await recoverPreemptions(core);
  await recoverReputation(core);
  await recoverRelays(core);
  await recoverSla(core);
  await recoverDeployments(core);
  await core.fronts.load();
}

/** Specs remembered by their text while jobs are read: many jobs of one batch have the same. */
const MAX_REMEMBERED_SPECS = 1_000;

/** It was checked before it was stored. */
function specOf(text: string, known: Map<string, JobSpec>): JobSpec {
  const before = known.get(text);
  if (before !== undefined) return before;
  const spec = JSON.parse(text) as JobSpec;
  if (known.size < MAX_REMEMBERED_SPECS) known.set(text, spec);
  return spec;
}

function jobFromRow(core: Core, row: JobRow, spec: JobSpec): JobRecord {
  const job = newJobRecord(
    {
      id: row.id,
      owner: row.owner,
      spec,
      specJson: row.spec,
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
  const openJobs = db.selectFrom('job').select('id').where('state', 'in', OPEN);
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
    // A copy that would only have checked the result: the check is given up.
    for (const one of [lease, ...(job.ballots.get(row.idx)?.copies ?? [])]) {
      if (one !== undefined) forgetLease(core, one);
    }
    job.leases.delete(row.idx);
    job.ballots.delete(row.idx);
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

/** What was taken back for more urgent work costs no retry. */
async function recoverPreemptions(core: Core): Promise<void> {
  const { db } = core.store;
  const openJobs = db.selectFrom('job').select('id').where('state', 'in', OPEN);
  const preempted = await db
    .selectFrom('job_event')
    .select((e) => ['job', 'idx', e.fn.countAll().as('times')])
    .where('type', '=', 'preempted')
    .where('job', 'in', openJobs)
    .groupBy(['job', 'idx'])
    .execute();
  for (const { job, idx, times } of preempted) {
    const open = core.jobs.get(job);
    if (idx !== null && open?.board.hasEnded(idx) === false)
      open.preemptions.set(idx, Number(times));
  }
}

/** Leases whose uploads are looked up after a restart; older ones send theirs again. */
const MAX_RESTORED_UPLOAD_LEASES = 10_000;

/** States of attempts after which the task keeps away from the node, if it can. */
const GAVE_NOTHING: ReadonlySet<string> = new Set(['lost', 'recalled', 'failed']);

function restoreAttempt(core: Core, row: AttemptRow): void {
  const job = core.jobs.get(row.job);
  if (job === undefined || row.kind === 'known-answer') return;
  if (row.state === 'held') return restoreVote(core, job, row);
  if (row.kind !== 'first') return restoreCopy(core, job, row);
  const running = row.state === 'leased';
  const before = job.leases.get(row.idx);
  if (before !== undefined) before.state = 'lost';
  // A newer token was issued: the result of the one before it is late, also where nothing came of the newer.
  job.leases.delete(row.idx);
  job.board.restore(row.idx, (running ? 'leased' : 'queued') satisfies TaskState, row.number);
  if (GAVE_NOTHING.has(row.state)) avoid(job, row);
  if (!running && row.state !== 'lost') return;
  const lease = leaseFromRow(core, job, row);
  if (copiesWanted(job.spec) > 1) ballotOf(job, row.idx);
  job.leases.set(row.idx, lease);
  keepLease(core, lease);
}

/** A copy that no longer runs has left nothing behind. */
function restoreCopy(core: Core, job: JobRecord, row: AttemptRow): void {
  job.board.restoreAttempts(row.idx, row.number);
  countCopy(job, row);
  if (row.state !== 'leased') return;
  const lease = leaseFromRow(core, job, row);
  ballotOf(job, row.idx).copies.add(lease);
  keepLease(core, lease);
}

function restoreVote(core: Core, job: JobRecord, row: AttemptRow): void {
  const lease = leaseFromRow(core, job, row);
  const outcome = Outcome.parse(JSON.parse(row.outcome ?? '{}'));
  const proof: Proof = {
    digest: row.digest ?? '',
    batch: row.batch ?? 0,
    runtimeVersion: row.runtime_version ?? undefined,
  };
  const vote = newVote(core, lease, { outcome, proof });
  ballotOf(job, row.idx).votes.push({ ...vote, endedAt: row.ended_at ?? vote.endedAt });
  if (row.kind === 'first') job.leases.delete(row.idx);
  else countCopy(job, row);
  job.board.restoreAttempts(row.idx, row.number);
  job.board.hold(row.idx);
  if (!isReplicated(job)) doubt(core, job, row.idx);
}

function countCopy(job: JobRecord, { idx }: AttemptRow): void {
  job.copyAttempts.set(idx, (job.copyAttempts.get(idx) ?? 0) + 1);
}

function leaseFromRow(core: Core, job: JobRecord, row: AttemptRow): LeaseRecord {
  return {
    token: row.token,
    job,
    index: row.idx,
    attempt: row.number,
    kind: row.kind as LeaseRecord['kind'],
    alias: undefined,
    node: row.node,
    leasedAt: row.leased_at,
    ...leaseTimes(core, job),
    state: row.state === 'leased' ? 'leased' : 'lost',
    phase: undefined,
    uploads: new Map(),
  };
}

function keepLease(core: Core, lease: LeaseRecord): void {
  lease.job.tokens.add(lease.token);
  core.leases.set(lease.token, lease);
  if (lease.state === 'leased') core.nodes.get(lease.node)?.leases.set(lease.token, lease);
}

function avoid(job: JobRecord, row: AttemptRow): void {
  job.avoid.set(row.idx, (job.avoid.get(row.idx) ?? new Set()).add(row.node));
}
