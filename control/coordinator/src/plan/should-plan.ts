/** When a batch is planned as a whole, and when a plan no longer fits what happens. Pure. */
import { type PlacementNode, type PlacementTask, refusalOf } from '@fog/scheduler';

/** Fewer tasks than this are placed as well one by one. */
export const LEAST_TASKS = 32;
/** Shorter work is handed out ahead, several tasks at once: where each goes matters less than the round trip. */
const LEAST_RUN_MS = 100;
/** A search that takes a tenth of the work's time can pay for itself. */
const WORK_PER_BUDGET = 10;

/** Whether it is worth asking further if the batch should be planned. */
export function isLarge(usualMs: number, waiting: number): boolean {
  return usualMs >= LEAST_RUN_MS && waiting >= LEAST_TASKS;
}

/** Tasks that must wait for a plan to pay. */
export function leastTasks(about: {
  readonly usualMs: number;
  readonly slots: number;
  readonly budgetMs: number;
}): number {
  const { usualMs, slots, budgetMs } = about;
  return Math.max(LEAST_TASKS, Math.ceil((WORK_PER_BUDGET * budgetMs * slots) / usualMs));
}

export interface PlannedShare {
  readonly tasks: number;
  /** From the plan until the last of them was to end. */
  readonly endMs: number;
}

export interface PlanProgress {
  readonly ageMs: number;
  /** Nodes that could take the tasks when the plan was made. */
  readonly known: ReadonlySet<string>;
  /** What each node was given that was given anything. */
  readonly shares: ReadonlyMap<string, PlannedShare>;
  /** From the plan until the last task was to end. */
  readonly makespanMs: number;
  /** Tasks that wait for the node. */
  readonly waitingOn: (node: string) => number;
  readonly nameOf: (node: string) => string;
}

/** A node this many times later than planned is not what the plan took it for. */
const FAR_BEHIND = 1.5;
/** Less is not worth a new plan: it is a few tasks' luck. */
const LEAST_LATE_MS = 1_000;
/** Part of its time that a plan holds unless the fleet changes: the first runs say little. */
const LEAST_SHARE = 0.25;

/** Why the plan should be made again, or undefined. */
export function misfit(
  task: PlacementTask,
  fleet: readonly PlacementNode[],
  progress: PlanProgress,
): string | undefined {
  const able = fleet.filter((node) => refusalOf(task, node) === undefined);
  const ids = new Set(able.map(({ id }) => id));
  for (const node of progress.shares.keys()) {
    if (progress.waitingOn(node) === 0 || ids.has(node)) continue;
    return `${progress.nameOf(node)} takes no work now`;
  }
  for (const node of ids) {
    if (!progress.known.has(node)) return `${progress.nameOf(node)} can take work now`;
  }
  return departure(able, progress);
}

/**
 * Somebody is far behind, or done long before it was to be while others have much left. Where all are behind, for the
 * machine they share is busy, a new plan would be the same.
 */
function departure(
  able: readonly PlacementNode[],
  { ageMs, shares, makespanMs, waitingOn, nameOf }: PlanProgress,
): string | undefined {
  if (able.length < 2 || ageMs < LEAST_SHARE * makespanMs) return undefined;
  const nodes = able.flatMap(({ id, slots, held }) => {
    const share = shares.get(id);
    const waiting = waitingOn(id);
    if (share === undefined) return [];
    const leftMs = restMs(share, waiting, ageMs);
    return [{ id, endMs: share.endMs, leftMs, isIdle: waiting === 0 && held < slots }];
  });
  const [last, ...others] = nodes.toSorted((a, b) => b.leftMs - a.leftMs);
  if (last === undefined || last.leftMs < LEAST_LATE_MS) return undefined;
  const lateness = others.map(({ leftMs, endMs }) => (ageMs + leftMs) / Math.max(1, endMs));
  const allLaterMs = makespanMs * Math.max(1, others.length === 0 ? 1 : Math.min(...lateness));
  if (ageMs + last.leftMs > Math.max(FAR_BEHIND * allLaterMs, allLaterMs + LEAST_LATE_MS)) {
    return `${nameOf(last.id)} is behind what was planned`;
  }
  const earlyMs = Math.max(LEAST_LATE_MS, (FAR_BEHIND - 1) * makespanMs);
  const early = nodes.find(({ endMs, isIdle }) => isIdle && endMs - ageMs > earlyMs);
  return early === undefined ? undefined : `${nameOf(early.id)} is done sooner than planned`;
}

/** By how fast it took those before: the work's own run times leave out what a busy machine adds to them. */
function restMs({ tasks, endMs }: PlannedShare, waiting: number, ageMs: number): number {
  if (waiting === 0) return 0;
  const taken = tasks - waiting;
  return taken <= 0 ? endMs : (ageMs * waiting) / taken;
}
