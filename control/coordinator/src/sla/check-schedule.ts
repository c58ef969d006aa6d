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
import { demandsOf, kindOf } from '../job/placement-task.ts';
import { isPresent, knownNode } from '../registry/node-record.ts';
import { type DatedRuns, datedRuns } from './due-work.ts';

/** Of jobs that come together each counts for those behind it. Throws COORDINATOR_SCHEDULE. */
export function checkSchedule(
  core: Core,
  owner: string,
  specs: readonly JobSpec[],
  runTimes: Pick<RunTimes, 'usualMs'>,
): void {
  const { due } = core.openTasks;
  const createdAt = core.clock.now();
  const counted: DatedRuns[] = [];
  const slotsOf = new Map<string, number>();
  try {
    for (const spec of specs) {
      const dated = datedRuns({ spec, createdAt }, taskCount(spec));
      if (dated === undefined) continue;
      due.add(dated);
      counted.push(dated);
      due.learn((module) => runTimes.usualMs(module));
      const kind = kindOf(owner, spec);
      const slots = slotsOf.get(kind) ?? slotsFor(core, owner, spec);
      slotsOf.set(kind, slots);
      checkRoom(core, spec, dated, slots);
    }
  } finally {
    // They count for good with the jobs that are made of them.
    for (const dated of counted) due.add({ ...dated, runs: -dated.runs });
  }
}

function checkRoom(core: Core, spec: JobSpec, added: DatedRuns, slots: number): void {
  // Without machines it waits for the first, as all other work does.
  if (slots === 0) return;
  const now = core.clock.now();
  const roomUntil = (dueAt: number): number => slots * Math.max(0, dueAt - now);
  // What was taken before was fitted in without this job; only its own deadline and later ones can suffer.
  const overload = core.openTasks.due.overloadFrom(added, roomUntil);
  if (overload === undefined) return;
  const { dueAt, workMs } = overload;
  const roomMs = roomUntil(dueAt);
  throw fail('COORDINATOR_SCHEDULE', {
    message: `By ${new Date(dueAt).toISOString()} ${formatDuration(workMs)} of class ${spec.class} work would be due with this job, and ${slots === 1 ? 'the slot' : `the ${slots} slots`} that can run it can do ${formatDuration(roomMs)} until then. Give a later deadline, take class B, or let more machines join.`,
    details: { dueAt, workMs, roomMs, slots },
  });
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
