/**
 * Whether work of class S or A can still be done by its deadline, with all that was taken before: for each
 * deadline, what is due by then must fit into what the slots can do until then (the processor demand of
 * Baruah, Rosier and Howell, "Preemptively scheduling hard-real-time sporadic tasks", 1990). Such work comes
 * before all other, earliest deadline first, so what fits is done in time as far as run times are known.
 */
import { formatDuration } from '@fog/kernel';
import { refusalOf, type RunTimes } from '@fog/scheduler';
import { type JobSpec, taskCount } from '@fog/wire';
import type { Core } from '../core.ts';
import { fail } from '../errors.ts';
import { demandsOf } from '../job/placement-task.ts';
import { isPresent, knownNode } from '../registry/node-record.ts';
import { isReplicated } from '../verify/ballot.ts';
import { copiesWanted } from '../verify/decide.ts';

/** A program that never ran here is taken to be short. */
const ASSUMED_MS = 1_000;

interface Demand {
  readonly dueAt: number;
  readonly workMs: number;
}

interface Order {
  readonly owner: string;
  readonly spec: JobSpec;
}

/** Of jobs that come together each counts for those behind it. Throws COORDINATOR_SCHEDULE. */
export function checkSchedule(
  core: Core,
  owner: string,
  specs: readonly JobSpec[],
  runTimes: Pick<RunTimes, 'usualMs'>,
): void {
  const dated = specs.filter((spec) => spec.deadlineAt !== undefined && isReplicated({ spec }));
  if (dated.length === 0) return;
  const taken = openDemands(core, runTimes);
  for (const spec of dated) {
    const added = demandOf(spec, taskCount(spec), runTimes);
    checkRoom(core, { owner, spec }, added, taken);
    taken.push(added);
  }
}

function checkRoom(
  core: Core,
  { owner, spec }: Order,
  added: Demand,
  taken: readonly Demand[],
): void {
  const slots = slotsFor(core, owner, spec);
  // Without machines it waits for the first, as all other work does.
  if (slots === 0) return;
  const now = core.clock.now();
  const all = [added, ...taken].toSorted((a, b) => a.dueAt - b.dueAt);
  let workMs = 0;
  for (const demand of all) {
    workMs += demand.workMs;
    const roomMs = slots * Math.max(0, demand.dueAt - now);
    // What was taken before was fitted in without this job; only its own deadline and later ones can suffer.
    if (demand.dueAt < added.dueAt || workMs <= roomMs) continue;
    throw fail('COORDINATOR_SCHEDULE', {
      message: `By ${new Date(demand.dueAt).toISOString()} ${formatDuration(workMs)} of class ${spec.class} work would be due with this job, and ${slots === 1 ? 'the slot' : `the ${slots} slots`} that can run it can do ${formatDuration(roomMs)} until then. Give a later deadline, take class B, or let more machines join.`,
      details: { dueAt: demand.dueAt, workMs, roomMs, slots },
    });
  }
}

function openDemands(core: Core, runTimes: Pick<RunTimes, 'usualMs'>): Demand[] {
  const jobs = [...core.jobs.values()].filter(
    (job) => job.spec.deadlineAt !== undefined && isReplicated(job),
  );
  return jobs.map(({ spec, board }) => demandOf(spec, board.open, runTimes));
}

function demandOf(spec: JobSpec, tasks: number, runTimes: Pick<RunTimes, 'usualMs'>): Demand {
  const runMs = runTimes.usualMs(spec.module) ?? ASSUMED_MS;
  return { dueAt: spec.deadlineAt ?? 0, workMs: tasks * copiesWanted(spec) * runMs };
}

function slotsFor(core: Core, owner: string, spec: JobSpec): number {
  const task = { ...demandsOf(owner, spec), depth: 1 };
  let slots = 0;
  for (const node of core.nodes.values()) {
    if (!isPresent(core, node)) continue;
    const known = knownNode(core, node);
    if (refusalOf(task, known) === undefined) slots += known.slots;
  }
  return slots;
}
