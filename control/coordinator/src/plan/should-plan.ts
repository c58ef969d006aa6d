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

export interface PlanProgress {
  readonly ageMs: number;
  /** Nodes that could take the tasks when the plan was made. */
  readonly known: ReadonlySet<string>;
  /** From the plan until the node's last task was to end, for each node that was given any. */
  readonly endsMs: ReadonlyMap<string, number>;
  /** From the plan until the last task was to end. */
  readonly makespanMs: number;
  /** Tasks that wait for the node. */
  readonly waitingOn: (node: string) => number;
  /** Run time of one task there, by what is known now. */
  readonly runMs: (node: PlacementNode) => number;
  readonly nameOf: (node: string) => string;
}

/** A node this many times later than planned is not what the plan took it for. */
const FAR_BEHIND = 1.5;
/** Less is not worth a new plan: it is a few tasks' luck. */
const LEAST_LATE_MS = 1_000;

/** Why the plan should be made again, or undefined. */
export function misfit(
  task: PlacementTask,
  fleet: readonly PlacementNode[],
  progress: PlanProgress,
): string | undefined {
  const able = fleet.filter((node) => refusalOf(task, node) === undefined);
  const ids = new Set(able.map(({ id }) => id));
  for (const node of progress.endsMs.keys()) {
    if (progress.waitingOn(node) === 0 || ids.has(node)) continue;
    return `${progress.nameOf(node)} takes no work now`;
  }
  for (const node of ids) {
    if (!progress.known.has(node)) return `${progress.nameOf(node)} can take work now`;
  }
  return departure(able, progress);
}

/** Somebody is far behind, or done long before it was to be while others have work left. */
function departure(
  able: readonly PlacementNode[],
  { ageMs, endsMs, makespanMs, waitingOn, runMs, nameOf }: PlanProgress,
): string | undefined {
  const planned = able.filter(({ id }) => endsMs.has(id));
  const busy = planned.filter(({ id }) => waitingOn(id) > 0);
  const limitMs = Math.max(FAR_BEHIND * makespanMs, makespanMs + LEAST_LATE_MS);
  const late = busy.find((node) => {
    // What waits, and half of what runs.
    const rounds = waitingOn(node.id) / Math.max(1, node.slots) + 0.5;
    return ageMs + rounds * runMs(node) > limitMs;
  });
  if (late !== undefined) return `${nameOf(late.id)} is behind what was planned`;
  if (busy.length === 0) return undefined;
  const earlyMs = Math.max(LEAST_LATE_MS, (FAR_BEHIND - 1) * makespanMs);
  const early = planned.find(
    ({ id, held, slots }) =>
      waitingOn(id) === 0 && held < slots && (endsMs.get(id) ?? 0) - ageMs > earlyMs,
  );
  return early === undefined ? undefined : `${nameOf(early.id)} is done sooner than planned`;
}
