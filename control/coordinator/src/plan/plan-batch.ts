/** The batch of one decision: what it takes out of the boards, what the thread is asked, what is told of it. */
import { randomInt } from 'node:crypto';
import {
  type ChosenTask,
  isRoutingStrategy,
  type KindPlan,
  type KindQueue,
  refusalOf,
} from '@fog/scheduler';
import type { BatchStrategy, PlacementPlan, Strategy } from '@fog/wire';
import type { Core } from '../core.ts';
import type { JobRecord } from '../job/job-record.ts';
import type { Dispatcher } from '../lease/dispatcher.ts';
import { MAX_PLANNED_TASKS } from '../limits.ts';
import { ASSUMED_MS, plannedFleet, plannedTasks } from './plan-input.ts';
import type { PlanRequest } from './plan-messages.ts';
import type { PlannedShare } from './should-plan.ts';

/** Jobs of one plan that are told of it: the others are seen in the plan. */
const MAX_TOLD_JOBS = 32;
/** Faces of the dice that seed a search. */
const DICE = 2 ** 31;

type Task = ChosenTask<JobRecord>;

export interface Batch {
  readonly owner: string;
  readonly asked: Strategy;
  readonly tasks: readonly Task[];
  readonly request: PlanRequest;
  /** Nodes that could take the tasks now. */
  readonly able: ReadonlySet<string>;
}

/** The strategy that plans the batch as a whole; undefined for one that needs no plan, or leaves it to the fog. */
export function plannedStrategy(strategy: Strategy): BatchStrategy | undefined {
  if (isRoutingStrategy(strategy) || strategy === 'auto' || strategy === 'greedy') return undefined;
  return strategy;
}

/** The job's own strategy, else the fog's. */
export function strategyOf({ options }: Core, { spec }: JobRecord): Strategy {
  return spec.strategy ?? options.strategy;
}

/** Undefined when there is nothing to plan, or no node to plan for. */
export function batchOf(
  core: Core,
  dispatcher: Dispatcher,
  plan: KindPlan<JobRecord>,
): Batch | undefined {
  const tasks = plan.waiting().slice(0, MAX_PLANNED_TASKS);
  const job = tasks[0]?.job;
  if (job === undefined) return undefined;
  const about = { fleet: dispatcher.fleet(), module: job.spec.module };
  const { nodes, expectedMs = ASSUMED_MS } = plannedFleet(core, dispatcher, about);
  const task = dispatcher.task(job);
  const able = nodes.filter((node) => refusalOf(task, node) === undefined);
  if (able.length === 0) return undefined;
  const asked = strategyOf(core, job);
  const request: PlanRequest = {
    tasks: plannedTasks(dispatcher, tasks, { expectedMs, now: core.clock.now() }),
    nodes,
    strategy: plannedStrategy(asked) ?? 'nsga2',
    seed: randomInt(DICE),
    budgetMs: core.options.planBudgetMs,
  };
  return { owner: job.owner, asked, tasks, request, able: new Set(able.map(({ id }) => id)) };
}

/** What each node is given, and when the last of it would end, as far as tasks and slots tell. */
export function plannedShares(
  { tasks, nodes }: PlanRequest,
  perNode: Readonly<Record<string, number>>,
): Map<string, PlannedShare> {
  const runMs = tasks[0]?.expectedMs ?? ASSUMED_MS;
  const shares = new Map<string, PlannedShare>();
  for (const { id, slots, speed = 1, queuedMs = 0 } of nodes) {
    const given = perNode[id];
    if (given === undefined) continue;
    const rounds = Math.ceil(given / Math.max(1, slots));
    shares.set(id, { tasks: given, endMs: queuedMs + (rounds * runMs) / speed });
  }
  return shares;
}

/** Takes the tasks that wait for their first run. Copies stay: each keeps away from those before it. */
export function takeFirsts(queue: KindQueue<JobRecord>): Task[] {
  const taken: Task[] = [];
  const done: JobRecord[] = [];
  for (const job of queue.jobs()) {
    const { board } = job;
    for (let index = board.takeFirst(); index !== undefined; index = board.takeFirst()) {
      taken.push({ job, index });
    }
    if (!board.ready) done.push(job);
  }
  for (const job of done) queue.remove(job);
  return taken;
}

/** How many those are, counted no further than `enough`. */
export function countFirsts(queue: KindQueue<JobRecord>, enough: number): number {
  let waiting = 0;
  for (const { board } of queue.jobs()) {
    waiting += board.firsts;
    if (waiting >= enough) break;
  }
  return waiting;
}

export function planText(plan: PlacementPlan): string {
  const { id, strategy, tasks, nodes, decisionMs, cause } = plan;
  const what = tasks === 1 ? '1 task' : `${tasks} tasks`;
  const where = nodes === 1 ? '1 node' : `${nodes} nodes`;
  return `plan ${id} by ${strategy}: ${what} over ${where} in ${Math.round(decisionMs)} ms, because ${cause}`;
}

/** Adds an event to the jobs of the batch. */
export function tell(
  core: Core,
  { tasks }: Pick<Batch, 'tasks'>,
  { type, cause }: { readonly type: string; readonly cause: string },
): void {
  const jobs = new Set(tasks.map(({ job }) => job));
  for (const job of [...jobs].slice(0, MAX_TOLD_JOBS)) {
    if (core.jobs.has(job.id)) core.events.add(job, type, { cause });
  }
}
