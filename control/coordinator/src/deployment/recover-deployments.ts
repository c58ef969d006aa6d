/** Brings deployments back from the store, with the jobs that fill their slots and what the last ones ended with. */
import type { Failure, JobSpec } from '@fog/wire';
import type { JobRow } from '@fog/store';
import type { Core } from '../core.ts';
import { deploymentFromRow, fillSlot, newSlot, type Slot } from './deployment-record.ts';
import { BACKOFF_BASE_MS, MAX_COUNTED_CRASHES, STABLE_MS } from './limits.ts';

/** After open jobs are known. */
export async function recoverDeployments(core: Core): Promise<void> {
  const { db } = core.store;
  for (const row of await db.selectFrom('deployment').selectAll().execute()) {
    core.deployments.set(row.id, deploymentFromRow(row));
  }
  if (core.deployments.size === 0) return;
  for (const one of core.deployments.values()) await recoverSlots(core, one.id);
  for (const job of core.jobs.values()) if (job.replicaOf !== undefined) fillSlot(core, job);
}

/** The newest ended job of each slot tells which version ran there, and how it went. */
async function recoverSlots(core: Core, id: string): Promise<void> {
  const deployment = core.deployments.get(id);
  if (deployment === undefined) return;
  const ended = core.store.db
    .selectFrom('job')
    .where('deployment', '=', id)
    .where('ended_at', 'is not', null);
  const newest = await ended
    .select((e) => ['replica', e.fn.max('created_at').as('created_at')])
    .groupBy('replica')
    .execute();
  for (const { replica, created_at } of newest) {
    if (replica === null || replica >= deployment.spec.replicas) continue;
    const row = await ended
      .selectAll()
      .where('replica', '=', replica)
      .where('created_at', '=', created_at)
      .executeTakeFirst();
    if (row === undefined) continue;
    const same = await ended
      .select((e) => e.fn.countAll().as('count'))
      .where('replica', '=', replica)
      .where('revision', '=', row.revision)
      .where('state', 'in', ['failed', 'settled'])
      .executeTakeFirst();
    const slot = newSlot(replica, core.clock.now());
    deployment.slots.set(replica, slot);
    restoreEnd(core, slot, row, Number(same?.count ?? 0));
  }
}

function restoreEnd(core: Core, slot: Slot, row: JobRow, ends: number): void {
  slot.version = row.revision ?? 1;
  slot.spec = JSON.parse(row.spec) as JobSpec;
  slot.jobId = row.id;
  slot.restarts = ends;
  const failure = row.failure === null ? undefined : (JSON.parse(row.failure) as Failure);
  const isCrash = row.state === 'failed' && failure?.code !== 'NODE_LOST';
  if (!isCrash && row.state !== 'settled') return;
  const ranMs = (row.ended_at ?? 0) - (row.started_at ?? row.ended_at ?? 0);
  slot.crashes = ranMs >= STABLE_MS ? 1 : Math.min(MAX_COUNTED_CRASHES, Math.max(1, ends));
  slot.failure =
    failure === undefined ? 'the program ended' : `${failure.code}: ${failure.message}`;
  slot.waitUntilMs = core.clock.monotonicMs() + BACKOFF_BASE_MS;
}
