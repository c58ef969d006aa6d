/** The fleet and a batch as a plan sees them: with speeds, run times and what waits already. */
import type { ChosenTask, PlacementNode, PlacementTask, RunTimes } from '@fog/scheduler';
import type { Core } from '../core.ts';
import type { JobRecord } from '../job/job-record.ts';
import type { Dispatcher } from '../lease/dispatcher.ts';

/** Taken for the run time of a program that never ran here. */
export const ASSUMED_MS = 1_000;

export interface PlannedFleet {
  readonly nodes: readonly PlacementNode[];
  /** Run time of the program on a node of speed 1; undefined before it ran. */
  readonly expectedMs: number | undefined;
}

/** Where the program ran, what it took there counts for the node's speed, and not what other work took. */
export function plannedFleet(
  core: Core,
  { runTimes }: Dispatcher,
  { fleet, module }: { readonly fleet: readonly PlacementNode[]; readonly module: string },
): PlannedFleet {
  const seen = fleet.flatMap(({ id, speed = 1 }) => {
    const wallMs = runTimes.onNode(module, id);
    return wallMs === undefined ? [] : [wallMs * speed];
  });
  const expectedMs = seen.length === 0 ? undefined : sum(seen) / seen.length;
  const nodes = fleet.map((node): PlacementNode => {
    const wallMs = runTimes.onNode(module, node.id);
    const isKnown = wallMs !== undefined && wallMs > 0 && expectedMs !== undefined;
    const bandwidthMbps = core.nodes.get(node.id)?.bandwidthMbps;
    return {
      ...withoutGuess(node),
      speed: isKnown ? expectedMs / wallMs : (node.speed ?? 1),
      queuedMs: queuedMs(core, runTimes, node),
      ...(bandwidthMbps === undefined ? {} : { bandwidthMbps }),
    };
  });
  return { nodes, expectedMs };
}

/**
 * Of a node nobody knows, a draw of its trust is a guess: right for one task, which finds out, and no reason to
 * give it a whole batch.
 */
function withoutGuess(node: PlacementNode): PlacementNode {
  if (node.trust !== undefined) return node;
  const { trustSample: _guess, ...known } = node;
  return known;
}

/** What its leases will take yet, for each of its slots. Those that run are half done, on average. */
function queuedMs(core: Core, runTimes: RunTimes, { id, slots }: PlacementNode): number {
  let queued = 0;
  for (const { job, phase } of core.nodes.get(id)?.leases.values() ?? []) {
    if (job.spec.service === true) continue;
    const { module } = job.spec;
    const runMs = runTimes.onNode(module, id) ?? runTimes.usualMs(module) ?? ASSUMED_MS;
    queued += phase === 'running' ? runMs / 2 : runMs;
  }
  return queued / Math.max(1, slots);
}

/** One object for all tasks that are alike: a batch is handed to a thread, and what is shared is copied once. */
export function plannedTasks(
  dispatcher: Dispatcher,
  tasks: readonly ChosenTask<JobRecord>[],
  about: { readonly expectedMs: number; readonly now: number },
): PlacementTask[] {
  const common = new Map<JobRecord, PlacementTask>();
  const distrusted = dispatcher.fleet().filter(({ isDistrusted }) => isDistrusted === true);
  const bySize = new Map<string, PlacementTask>();
  return tasks.map(({ job, index }) => {
    const shared = common.get(job) ?? avoiding(jobTask(dispatcher, job, about), distrusted);
    common.set(job, shared);
    const { array } = job.spec;
    const item = array !== undefined && 'items' in array ? array.items[index]?.input : undefined;
    // It keeps away from nodes that failed it, and from those that have its copies.
    const isOwn = job.avoid.has(index) || job.ballots.has(index);
    if (item === undefined && !isOwn) return shared;
    const inputBytes = (shared.inputBytes ?? 0) + (item?.sizeBytes ?? 0);
    if (isOwn) {
      return avoiding({ ...shared, ...dispatcher.task(job, index), inputBytes }, distrusted);
    }
    const key = `${job.id} ${inputBytes}`;
    const sized = bySize.get(key) ?? { ...shared, inputBytes };
    bySize.set(key, sized);
    return sized;
  });
}

/**
 * Whoever was found to lie is the last resort for work of others: of a batch it would get its part for being cheap
 * or idle, and what cannot be compared is checked by nobody.
 */
function avoiding(task: PlacementTask, distrusted: readonly PlacementNode[]): PlacementTask {
  const strangers = distrusted.filter(({ owner }) => owner !== task.owner);
  if (strangers.length === 0) return task;
  return { ...task, avoid: new Set([...(task.avoid ?? []), ...strangers.map(({ id }) => id)]) };
}

function jobTask(
  dispatcher: Dispatcher,
  job: JobRecord,
  { expectedMs, now }: { readonly expectedMs: number; readonly now: number },
): PlacementTask {
  const { class: serviceClass, deadlineAt } = job.spec;
  return {
    ...dispatcher.task(job),
    expectedMs,
    inputBytes: sum(job.inputs.map(({ sizeBytes }) => sizeBytes)),
    ...(serviceClass === undefined ? {} : { serviceClass }),
    ...(deadlineAt === undefined ? {} : { dueInMs: Math.max(1, deadlineAt - now) }),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
