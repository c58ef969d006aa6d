import {
  DEMAND_DEFAULTS,
  type Failure,
  type InputFile,
  type Job,
  type JobDetail,
  type JobSpec,
  type JobState,
  taskCount,
} from '@fog/wire';
import type { PlacementTask } from '@fog/scheduler';
import type { JobRow } from '@fog/store';
import type { LeaseRecord } from '../lease/lease-record.ts';
import type { OpenTasks } from './open-tasks.ts';
import { demandsOf, kindOf } from './placement-task.ts';
import type { Ballot } from '../verify/ballot.ts';
import { datedRuns } from '../sla/due-work.ts';
import { TaskBoard } from './task-board.ts';

export interface ReplicaOf {
  readonly deployment: string;
  readonly slot: number;
  /** Version of the deployment's spec it runs. */
  readonly version: number;
}

/** An open job in memory; ended ones live in the store only. */
export interface JobRecord {
  readonly id: string;
  readonly owner: string;
  readonly name: string;
  readonly spec: JobSpec;
  readonly specJson: string;
  /** Key of its queue: see `kindOf`. */
  readonly kind: string;
  readonly priority: number;
  readonly demands: Omit<PlacementTask, 'depth'>;
  readonly idempotencyKey: string | undefined;
  readonly createdAt: number;
  /** The deployment it is a replica of. */
  readonly replicaOf: ReplicaOf | undefined;
  readonly board: TaskBoard;
  /** Newest lease of each task that has one. */
  readonly leases: Map<number, LeaseRecord>;
  /** Tasks with more copies than one, or a result that is being checked. */
  readonly ballots: Map<number, Ballot>;
  /** Fencing tokens issued for it that are still in memory. */
  readonly tokens: Set<number>;
  /** Nodes that failed a task before. */
  readonly avoid: Map<number, Set<string>>;
  /** Attempts of each task that were copies: they cost no retry. */
  readonly copyAttempts: Map<number, number>;
  /** Times each task was taken back for more urgent work. */
  readonly preemptions: Map<number, number>;
  /** When it could first be placed, where that was later than its submission. */
  queuedAt: number | undefined;
  /** Called after a commit that changed the job. */
  readonly waiters: Set<() => void>;
  /** All results below this index are in the store. */
  durablePrefix: number;
  /** What its tasks get: the spec's inputs, and once they are known the outputs of the jobs it needs. */
  inputs: readonly InputFile[];
  state: JobState;
  cause: string | undefined;
  failure: Failure | undefined;
  exitCode: number | undefined;
  lowestFailed: number | undefined;
  startedAt: number | undefined;
  endedAt: number | undefined;
}

interface NewJob {
  readonly id: string;
  readonly owner: string;
  readonly spec: JobSpec;
  /** The spec as stored, where it is at hand. */
  readonly specJson?: string;
  readonly idempotencyKey: string | undefined;
  readonly createdAt: number;
  readonly replicaOf?: ReplicaOf | undefined;
}

/** Its tasks count in `openTasks` until each has ended. */
export function newJobRecord(input: NewJob, openTasks: OpenTasks): JobRecord {
  const total = taskCount(input.spec);
  const { createdAt, owner, spec } = input;
  const count = (tasks: number): void => {
    openTasks.add(owner, tasks);
    const dated = datedRuns({ spec, createdAt }, tasks);
    if (dated !== undefined) openTasks.due.add(dated);
  };
  count(total);
  return {
    ...input,
    replicaOf: input.replicaOf,
    name: input.spec.name ?? input.spec.moduleName,
    specJson: input.specJson ?? JSON.stringify(input.spec),
    kind: kindOf(input.owner, input.spec),
    priority: input.spec.priority ?? DEMAND_DEFAULTS.priority,
    demands: demandsOf(input.owner, input.spec),
    inputs: input.spec.inputs,
    board: new TaskBoard(total, () => count(-1)),
    leases: new Map(),
    ballots: new Map(),
    tokens: new Set(),
    avoid: new Map(),
    copyAttempts: new Map(),
    preemptions: new Map(),
    queuedAt: undefined,
    waiters: new Set(),
    durablePrefix: 0,
    state: 'submitted',
    cause: undefined,
    failure: undefined,
    exitCode: undefined,
    lowestFailed: undefined,
    startedAt: undefined,
    endedAt: undefined,
  };
}

export function jobRow(job: JobRecord): JobRow {
  return {
    id: job.id,
    owner: job.owner,
    name: job.name,
    state: job.state,
    spec: job.specJson,
    task_count: job.board.total,
    settled: job.board.count('settled'),
    failed: job.board.count('failed'),
    cancelled: job.board.count('cancelled'),
    idempotency_key: job.idempotencyKey ?? null,
    cause: job.cause ?? null,
    exit_code: job.exitCode ?? null,
    failure: job.failure === undefined ? null : JSON.stringify(job.failure),
    created_at: job.createdAt,
    started_at: job.startedAt ?? null,
    ended_at: job.endedAt ?? null,
    deployment: job.replicaOf?.deployment ?? null,
    replica: job.replicaOf?.slot ?? null,
    revision: job.replicaOf?.version ?? null,
  };
}

/** Drops undefined members, so that optional fields are absent rather than undefined. */
function present<T extends object>(value: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(
    Object.entries(value).filter(([, member]) => member !== undefined),
  ) as T;
}

export function openJobView(job: JobRecord): Job {
  const { board } = job;
  return present<Job>({
    id: job.id,
    owner: job.owner,
    name: job.name,
    state: job.state,
    cause: job.cause,
    exitCode: job.exitCode,
    failure: job.failure,
    tasks: {
      total: board.total,
      queued: board.count('queued'),
      running: board.count('leased'),
      settled: board.count('settled'),
      failed: board.count('failed'),
      cancelled: board.count('cancelled'),
    },
    createdAt: job.createdAt,
    startedAt: job.startedAt,
    endedAt: job.endedAt,
    deployment: job.replicaOf?.deployment,
  });
}

export function storedJobView(row: Omit<JobRow, 'spec'>): Job {
  const ended = row.settled + row.failed + row.cancelled;
  return present<Job>({
    id: row.id,
    owner: row.owner,
    name: row.name,
    state: row.state as JobState,
    cause: row.cause ?? undefined,
    exitCode: row.exit_code ?? undefined,
    failure: row.failure === null ? undefined : (JSON.parse(row.failure) as Failure),
    tasks: {
      total: row.task_count,
      queued: row.task_count - ended,
      running: 0,
      settled: row.settled,
      failed: row.failed,
      cancelled: row.cancelled,
    },
    createdAt: row.created_at,
    startedAt: row.started_at ?? undefined,
    endedAt: row.ended_at ?? undefined,
    deployment: row.deployment ?? undefined,
  });
}

export function jobDetail(job: Job, spec: JobSpec): JobDetail {
  return { ...job, spec };
}
