/** A deployment and its replicas in memory; all of them are held by the coordinator that leads. */
import { DeploymentSpec, type JobSpec } from '@fog/wire';
import type { DeploymentRow } from '@fog/store';
import type { Core } from '../core.ts';
import type { JobRecord } from '../job/job-record.ts';

export type SlotHealth = 'starting' | 'healthy' | 'unhealthy' | 'stopping';

/** A place for one replica: the job that runs there, and what is known of those before it. */
export interface Slot {
  readonly slot: number;
  /** The open job. */
  job: JobRecord | undefined;
  /** Newest job, open or ended. */
  jobId: string | undefined;
  /** Version and spec of the newest job. */
  version: number | undefined;
  spec: JobSpec | undefined;
  node: string | undefined;
  /** A job for it is being stored. */
  isSubmitting: boolean;
  /** Why its job was told to end. */
  stopping: 'surplus' | 'silent' | 'update' | undefined;
  restarts: number;
  /** In a row, without good health between them. */
  crashes: number;
  failure: string | undefined;
  /** Monotonic. */
  waitUntilMs: number;
  /** Monotonic; undefined while it does not run. */
  runningSinceMs: number | undefined;
  /** Monotonic start of the silence that lasts, when the probe listens for output. */
  quietSinceMs: number;
  hasSpoken: boolean;
  health: SlotHealth;
  /** Wall-clock time of the last change of `health`. */
  since: number;
  /** Monotonic; undefined while it is not healthy. */
  healthySinceMs: number | undefined;
  unfollow: (() => void) | undefined;
}

export interface DeploymentRecord {
  readonly id: string;
  readonly owner: string;
  spec: DeploymentSpec;
  version: number;
  readonly createdAt: number;
  updatedAt: number;
  readonly slots: Map<number, Slot>;
}

export function newSlot(slot: number, now: number): Slot {
  return {
    slot,
    job: undefined,
    jobId: undefined,
    version: undefined,
    spec: undefined,
    node: undefined,
    isSubmitting: false,
    stopping: undefined,
    restarts: 0,
    crashes: 0,
    failure: undefined,
    waitUntilMs: 0,
    runningSinceMs: undefined,
    quietSinceMs: 0,
    hasSpoken: false,
    health: 'starting',
    since: now,
    healthySinceMs: undefined,
    unfollow: undefined,
  };
}

export function deploymentRow(one: DeploymentRecord): DeploymentRow {
  return {
    id: one.id,
    owner: one.owner,
    name: one.spec.name,
    spec: JSON.stringify(one.spec),
    version: one.version,
    state: 'active',
    created_at: one.createdAt,
    updated_at: one.updatedAt,
  };
}

export function deploymentFromRow(row: DeploymentRow): DeploymentRecord {
  return {
    id: row.id,
    owner: row.owner,
    spec: DeploymentSpec.parse(JSON.parse(row.spec)),
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    slots: new Map(),
  };
}

/** The slot the job now fills; undefined when its deployment is gone or the slot has another job. */
export function fillSlot(core: Core, job: JobRecord): Slot | undefined {
  const { replicaOf } = job;
  const deployment = core.deployments.get(replicaOf?.deployment ?? '');
  if (replicaOf === undefined || deployment === undefined) return undefined;
  const slot = deployment.slots.get(replicaOf.slot) ?? newSlot(replicaOf.slot, core.clock.now());
  if (slot.job !== undefined) return slot.job === job ? slot : undefined;
  deployment.slots.set(slot.slot, slot);
  slot.job = job;
  slot.jobId = job.id;
  if (slot.version !== replicaOf.version) {
    slot.restarts = 0;
    slot.crashes = 0;
    slot.failure = undefined;
  }
  slot.version = replicaOf.version;
  slot.spec = job.spec;
  slot.runningSinceMs = undefined;
  slot.healthySinceMs = undefined;
  slot.hasSpoken = false;
  return slot;
}

/** Nodes on which other replicas of the same deployment are: taken only when no other can. */
export function siblingNodes(core: Core, job: JobRecord): string[] {
  const deployment = core.deployments.get(job.replicaOf?.deployment ?? '');
  if (deployment === undefined) return [];
  return [...deployment.slots.values()].flatMap(({ job: other }) => {
    const lease = other === job ? undefined : other?.leases.get(0);
    return lease?.state === 'leased' ? [lease.node] : [];
  });
}
