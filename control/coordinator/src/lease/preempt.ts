/**
 * Urgent work takes the place of work that can wait: a job of a higher tier, or of class S or A, that finds
 * every node that could run it full takes a slot from a task of a lower one. What is taken back runs again,
 * elsewhere or later, and that costs it none of its retries.
 */
import { type PlacementNode, type PlacementTask, refusalOf, slotsFor } from '@fog/scheduler';
import { DEMAND_DEFAULTS, SLA_TIERS } from '@fog/wire';
import type { Core } from '../core.ts';
import type { JobRecord } from '../job/job-record.ts';
import { isReplicated } from '../verify/ballot.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { LeaseRecord } from './lease-record.ts';

/** Times one task may be taken back: then it has waited enough. */
const MAX_PREEMPTIONS = 3;

/** Takes one slot back for the job, on one of the nodes it may use, if it may. True when there is one now. */
export function preemptFor(
  core: Core,
  dispatcher: Dispatcher,
  job: JobRecord,
  usable: () => readonly PlacementNode[],
): boolean {
  if (standingOf(job) === 0) return false;
  const task = dispatcher.task(job, job.board.onlyCopy);
  const able = usable().filter((node) => refusalOf(task, node) === undefined);
  const victim = findVictim(core, able, { task, standing: standingOf(job) });
  if (victim === undefined) return false;
  const { job: lower, index, node: id } = victim;
  const node = core.nodes.get(id);
  if (node === undefined) return false;
  lower.preemptions.set(index, (lower.preemptions.get(index) ?? 0) + 1);
  const cause = `a job of a higher tier (${job.id}) took its place`;
  core.events.add(lower, 'preempted', { index, node: id, cause });
  dispatcher.takeBack(node, cause, [victim]);
  return true;
}

/** Bronze work of class B stands lowest; work of a class that is checked by copies stands above its tier. */
function standingOf({ spec }: JobRecord): number {
  const tier = SLA_TIERS.indexOf(spec.tier ?? DEMAND_DEFAULTS.tier);
  return tier + (spec.class === 'S' || spec.class === 'A' ? 1 : 0);
}

/** The lowest, and of equal ones the youngest: least work is lost. */
function findVictim(
  core: Core,
  able: readonly PlacementNode[],
  { task, standing }: { readonly task: PlacementTask; readonly standing: number },
): LeaseRecord | undefined {
  let best: LeaseRecord | undefined;
  for (const node of able) {
    for (const lease of core.nodes.get(node.id)?.leases.values() ?? []) {
      if (!mayTake(lease, standing)) continue;
      if (!isEnough(lease, task, node)) continue;
      if (best === undefined || isLower(lease, best)) best = lease;
    }
  }
  return best;
}

/** Nobody gains by less than what is missing: of slots, memory, disk and GPUs. */
function isEnough({ job }: LeaseRecord, task: PlacementTask, node: PlacementNode): boolean {
  const freed = job.demands;
  const { memoryHeld = 0, diskBytes = 0, diskHeld = 0, gpus = 0, gpusHeld = 0 } = node;
  const slots = Math.max(0, node.slots - node.held) + slotsFor(freed, node);
  return (
    slotsFor(task, node) <= slots &&
    task.memoryBytes <= node.memoryBytes - memoryHeld + freed.memoryBytes &&
    (task.diskBytes ?? 0) <= diskBytes - diskHeld + (freed.diskBytes ?? 0) &&
    (task.gpus ?? 0) <= gpus - gpusHeld + (freed.gpus ?? 0)
  );
}

function mayTake(lease: LeaseRecord, standing: number): boolean {
  const { job, index, kind, state } = lease;
  if (kind !== 'first' || state !== 'leased' || isReplicated(job)) return false;
  if (job.spec.service === true || standingOf(job) >= standing) return false;
  return (job.preemptions.get(index) ?? 0) < MAX_PREEMPTIONS;
}

function isLower(lease: LeaseRecord, than: LeaseRecord): boolean {
  const [a, b] = [standingOf(lease.job), standingOf(than.job)];
  return a === b ? lease.leasedAt > than.leasedAt : a < b;
}
