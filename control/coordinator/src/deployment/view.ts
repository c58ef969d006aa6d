/** A deployment as the API shows it. */
import type { Deployment, Replica } from '@fog/wire';
import type { DeploymentRecord, Slot } from './deployment-record.ts';
import { detailOf } from './health.ts';
import type { JobRecord } from '../job/job-record.ts';
import { isOld } from './reconcile.ts';

/** `waitingFor` says why a queued job does not run. */
export function deploymentView(
  one: DeploymentRecord,
  nowMs: number,
  waitingFor: (job: JobRecord) => string | undefined,
): Deployment {
  const slots = [...one.slots.values()].toSorted((a, b) => a.slot - b.slot);
  const replicas = slots.flatMap((slot) => replicaView(slot, nowMs, waitingFor));
  const cause = degradedBy(one, nowMs);
  return {
    id: one.id,
    owner: one.owner,
    name: one.spec.name,
    version: one.version,
    wanted: one.spec.replicas,
    healthy: healthyOf(one),
    state: cause === undefined ? stateOf(one) : 'degraded',
    ...(cause === undefined ? {} : { cause }),
    createdAt: one.createdAt,
    updatedAt: one.updatedAt,
    replicas,
  };
}

export function healthyOf({ slots, spec }: DeploymentRecord): number {
  const healthy = [...slots.values()].filter(
    ({ slot, health }) => slot < spec.replicas && health === 'healthy',
  );
  return healthy.length;
}

/** Why it is not as it should be; undefined when it is, or is on the way there. */
export function degradedBy(one: DeploymentRecord, nowMs: number): string | undefined {
  const kept = [...one.slots.values()].filter(({ slot }) => slot < one.spec.replicas);
  const failing = kept.filter(({ health }) => health === 'unhealthy');
  const culprit = failing.find((slot) => !isOld(one, slot)) ?? failing[0];
  if (culprit === undefined) return undefined;
  const old = kept.filter((slot) => isOld(one, slot)).length;
  const waits =
    old > 0 && !isOld(one, culprit)
      ? `; the update waits, and ${old} of ${one.spec.replicas} replicas stay at the version before`
      : '';
  const detail = detailOf(culprit, nowMs) ?? 'its health probe failed';
  return `replica ${culprit.slot} (version ${culprit.version ?? one.version}) ${detail}${waits}`;
}

function stateOf(one: DeploymentRecord): Deployment['state'] {
  const kept = [...one.slots.values()].filter(({ slot }) => slot < one.spec.replicas);
  if (kept.some((slot) => isOld(one, slot))) return 'updating';
  return healthyOf(one) < one.spec.replicas ? 'starting' : 'running';
}

/** None before the slot's first job. */
function replicaView(
  slot: Slot,
  nowMs: number,
  waitingFor: (job: JobRecord) => string | undefined,
): Replica[] {
  if (slot.jobId === undefined) return [];
  const detail =
    detailOf(slot, nowMs) ?? (slot.job === undefined ? undefined : waitingFor(slot.job));
  return [
    {
      slot: slot.slot,
      version: slot.version ?? 1,
      job: slot.jobId,
      state: slot.health,
      ...(slot.node === undefined ? {} : { node: slot.node }),
      since: slot.since,
      restarts: slot.restarts,
      ...(detail === undefined ? {} : { detail }),
    },
  ];
}
