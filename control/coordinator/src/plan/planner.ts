/**
 * Places batches as a whole. A batch that is large and long enough, or whose job names a strategy, is given
 * to the planning thread; its answer says which task waits for which node, and holds until the fleet or the
 * measured progress departs from it. Without an answer the batch goes where there is room, as single tasks do.
 */
import { randomInt } from 'node:crypto';
import { errorMessage } from '@fog/kernel';
import {
  type ChosenTask,
  isRoutingStrategy,
  KindPlan,
  type KindQueue,
  type PlacementNode,
  refusalOf,
} from '@fog/scheduler';
import {
  type BatchStrategy,
  type PlacementPlan,
  type SchedulerStatus,
  type Strategy,
} from '@fog/wire';
import type { Core } from '../core.ts';
import type { JobRecord } from '../job/job-record.ts';
import type { Dispatcher } from '../lease/dispatcher.ts';
import { MAX_PLANNED_TASKS } from '../limits.ts';
import { ASSUMED_MS, plannedFleet, plannedTasks } from './plan-input.ts';
import type { PlanAnswer, PlanRequest } from './plan-messages.ts';
import { planRecord, planSummary } from './plan-record.ts';
import type { PlanStats } from './plan-stats.ts';
import type { PlanThread } from './plan-thread.ts';
import { isLarge, LEAST_TASKS, leastTasks, misfit } from './should-plan.ts';

/** How often batches and plans are looked at. */
const LOOK_EVERY_MS = 500;
/** A plan made again and again would cost more than it saves. */
const LEAST_PLAN_AGE_MS = 2_000;
/** Jobs of one plan that are told of it: the others are seen in the plan. */
const MAX_TOLD_JOBS = 32;
/** Plans named in the status. */
const SHOWN_PLANS = 10;
/** Faces of the dice that seed a search. */
const DICE = 2 ** 31;

/** What is remembered of a plan that holds. */
interface Held {
  readonly madeAtMs: number;
  /** Nodes that could take the tasks when it was made. */
  readonly known: ReadonlySet<string>;
  /** When the last task of each node was to end, from then. */
  readonly endsMs: ReadonlyMap<string, number>;
  readonly makespanMs: number;
}

interface Batch {
  readonly tasks: readonly ChosenTask<JobRecord>[];
  readonly request: PlanRequest;
  readonly able: ReadonlySet<string>;
}

type Queue = KindQueue<JobRecord>;

export interface PlannerDeps {
  readonly core: Core;
  readonly dispatcher: Dispatcher;
  readonly thread: PlanThread;
  readonly stats: PlanStats;
}

export class Planner {
  readonly #deps: PlannerDeps;
  readonly #underWay = new Set<Queue>();
  readonly #held = new WeakMap<Queue, Held>();
  #stopNews: (() => void) | undefined;
  #stopped = false;

  constructor(deps: PlannerDeps) {
    this.#deps = deps;
  }

  start(): void {
    const { core } = this.#deps;
    const stopClock = core.clock.every(LOOK_EVERY_MS, () => this.#look());
    const stopNews = core.listeners.subscribe({ node: () => this.#look() });
    this.#stopNews = () => {
      stopClock();
      stopNews();
    };
  }

  stop(): void {
    this.#stopped = true;
    this.#stopNews?.();
  }

  /** Tasks of a job that names how its batch is placed wait here for a plan. */
  collect(queue: Queue, fleet: readonly PlacementNode[]): void {
    const job = queue.first;
    if (job === undefined || job.spec.service === true) return;
    if (plannedStrategy(this.strategyOf(job)) === undefined) return;
    const task = this.#deps.dispatcher.task(job);
    if (!fleet.some((node) => refusalOf(task, node) === undefined)) return;
    this.#hold(queue);
    void this.#plan(queue, 'its tasks wait');
  }

  /** The job's own strategy, else the fog's. */
  strategyOf(job: JobRecord): Strategy {
    return job.spec.strategy ?? this.#deps.core.options.strategy;
  }

  status(): SchedulerStatus {
    const { core, dispatcher, thread, stats } = this.#deps;
    const plans = [...dispatcher.queues.waiting()].flatMap(({ plan }) => plan ?? []);
    return {
      strategy: core.options.strategy,
      budgetMs: core.options.planBudgetMs,
      thread: thread.state,
      restarts: thread.restarts,
      waiting: thread.waiting,
      ...stats.view,
      plannedTasks: plans.reduce((sum, { planned }) => sum + planned, 0),
      plans: plans.filter(({ planned }) => planned > 0).length,
      last: core.fronts.last(SHOWN_PLANS).map(planSummary),
    };
  }

  #look(): void {
    const { dispatcher } = this.#deps;
    let fleet: readonly PlacementNode[] | undefined;
    const fleetNow = (): readonly PlacementNode[] => (fleet ??= dispatcher.fleet());
    for (const queue of dispatcher.queues.waiting()) {
      if (this.#underWay.has(queue)) continue;
      queue.plan?.prune();
      if (queue.plan?.size === 0) queue.plan = undefined;
      const cause =
        queue.plan === undefined ? undefined : this.#misfit(queue, queue.plan, fleetNow);
      if (cause !== undefined) void this.#plan(queue, cause);
      else if (this.#pays(queue, fleetNow)) {
        const isFirst = queue.plan === undefined;
        this.#hold(queue);
        if (queue.plan !== undefined) queue.plan.isEager = isFirst;
        void this.#plan(queue, 'so many of its tasks wait that a plan pays');
        dispatcher.kick();
      }
    }
  }

  #hold(queue: Queue): void {
    const tasks = takeFirsts(queue);
    if (tasks.length === 0) return;
    queue.plan ??= new KindPlan(({ job, index }) => job.board.stateOf(index) === 'queued');
    queue.plan.hold(tasks);
  }

  /** Whether the tasks that wait for a node of their own take long enough to be planned as a whole. */
  #pays(queue: Queue, fleetNow: () => readonly PlacementNode[]): boolean {
    const { core, dispatcher } = this.#deps;
    const job = queue.first;
    if (job === undefined || job.spec.service === true || this.strategyOf(job) !== 'auto') {
      return false;
    }
    const usualMs = dispatcher.runTimes.usualMs(job.spec.module);
    if (usualMs === undefined) return false;
    if (!isLarge(usualMs, waitingIn(queue, LEAST_TASKS))) return false;
    const task = dispatcher.task(job);
    const able = fleetNow().filter((node) => refusalOf(task, node) === undefined);
    const slots = able.reduce((sum, node) => sum + node.slots, 0);
    const least = leastTasks({ usualMs, slots, budgetMs: core.options.planBudgetMs });
    return able.length > 1 && waitingIn(queue, least) >= least;
  }

  /** Why the plan of the queue should be made again. */
  #misfit(
    queue: Queue,
    plan: KindPlan<JobRecord>,
    fleetNow: () => readonly PlacementNode[],
  ): string | undefined {
    const { core, dispatcher } = this.#deps;
    const held = this.#held.get(queue);
    const job = plan.first;
    if (job === undefined) return undefined;
    if (hasFurther(plan)) return FURTHER;
    const ageMs = core.clock.monotonicMs() - (held?.madeAtMs ?? 0);
    if (held === undefined || plan.planned === 0 || ageMs < LEAST_PLAN_AGE_MS) return undefined;
    const about = { fleet: fleetNow(), module: job.spec.module };
    const { nodes, expectedMs = ASSUMED_MS } = plannedFleet(core, dispatcher, about);
    return misfit(dispatcher.task(job), nodes, {
      ageMs,
      ...held,
      waitingOn: (node) => plan.waitingOn(node),
      runMs: ({ speed = 1 }) => expectedMs / speed,
      nameOf: (node) => core.nodes.get(node)?.name ?? node,
    });
  }

  async #plan(queue: Queue, cause: string): Promise<void> {
    const { core, dispatcher, thread, stats } = this.#deps;
    const { plan } = queue;
    if (plan === undefined || this.#underWay.has(queue)) return;
    const batch = this.#batchOf(plan);
    if (batch === undefined) return;
    this.#underWay.add(queue);
    try {
      const answer = await thread.place(batch.request);
      if (this.#stopped) return;
      this.#adopt(queue, batch, { answer, cause });
    } catch (error) {
      if (this.#stopped) return;
      stats.failed();
      const why = errorMessage(error);
      core.logger.warn('a batch was not planned', { tasks: batch.tasks.length, cause: why });
      plan.release();
      tell(core, batch.tasks, 'unplanned', why);
    } finally {
      this.#underWay.delete(queue);
    }
    if (hasFurther(plan)) void this.#plan(queue, FURTHER);
    dispatcher.kick();
  }

  /** Undefined when there is nothing to plan, or no node to plan for. */
  #batchOf(plan: KindPlan<JobRecord>): Batch | undefined {
    const { core, dispatcher } = this.#deps;
    const tasks = plan.waiting().slice(0, MAX_PLANNED_TASKS);
    const [first] = tasks;
    if (first === undefined) return undefined;
    const about = { fleet: dispatcher.fleet(), module: first.job.spec.module };
    const fleet = plannedFleet(core, dispatcher, about);
    const task = dispatcher.task(first.job);
    const able = fleet.nodes.filter((node) => refusalOf(task, node) === undefined);
    if (able.length === 0) return undefined;
    const { expectedMs = ASSUMED_MS } = fleet;
    const request: PlanRequest = {
      tasks: plannedTasks(dispatcher, tasks, { expectedMs, now: core.clock.now() }),
      nodes: fleet.nodes,
      strategy: plannedStrategy(this.strategyOf(first.job)) ?? 'nsga2',
      seed: randomInt(DICE),
      budgetMs: core.options.planBudgetMs,
    };
    return { tasks, request, able: new Set(able.map(({ id }) => id)) };
  }

  #adopt(
    queue: Queue,
    { tasks, request, able }: Batch,
    { answer, cause }: { readonly answer: PlanAnswer; readonly cause: string },
  ): void {
    const { core, stats } = this.#deps;
    const { placement } = answer;
    const [first] = tasks;
    if (queue.plan === undefined || first === undefined) return;
    const unplaced = placement.unplaced.map(({ task }) => ({ task, node: undefined }));
    queue.plan.assign(
      [...placement.assignments, ...unplaced].flatMap(({ task, node }) => {
        const one = tasks[task];
        return one === undefined ? [] : [{ ...one, node }];
      }),
    );
    this.#held.set(queue, {
      madeAtMs: core.clock.monotonicMs(),
      known: able,
      endsMs: plannedEnds(request, placement.front[placement.chosen]?.perNode ?? {}),
      makespanMs: placement.indicators.makespanMs,
    });
    const about = {
      jobs: tasks.map(({ job }) => job.id),
      asked: this.strategyOf(first.job),
      cause,
      time: core.clock.now(),
    };
    const plan = core.fronts.add(first.job.owner, planRecord(request, answer, about), request);
    stats.decided(plan);
    tell(core, tasks, 'planned', planText(plan));
  }
}

/** The strategy that plans the batch as a whole; undefined for one that needs no plan, or leaves it to the fog. */
export function plannedStrategy(strategy: Strategy): BatchStrategy | undefined {
  if (isRoutingStrategy(strategy) || strategy === 'auto' || strategy === 'greedy') return undefined;
  return strategy;
}

function planText({ id, strategy, tasks, nodes, decisionMs, front, cause }: PlacementPlan): string {
  const what = tasks === 1 ? '1 task' : `${tasks} tasks`;
  const where = nodes === 1 ? '1 node' : `${nodes} nodes`;
  return `plan ${id} by ${strategy}: ${what} over ${where} in ${Math.round(decisionMs)} ms, the best of ${front.length}, because ${cause}`;
}

function tell(
  core: Core,
  tasks: readonly ChosenTask<JobRecord>[],
  type: string,
  cause: string,
): void {
  const jobs = new Set(tasks.map(({ job }) => job));
  for (const job of [...jobs].slice(0, MAX_TOLD_JOBS)) {
    if (core.jobs.has(job.id)) core.events.add(job, type, { cause });
  }
}

const FURTHER = 'further tasks wait';

/** Tasks came, or were left for later, and there is work for the time it takes to plan them. */
function hasFurther(plan: KindPlan<JobRecord>): boolean {
  return plan.unplanned > 0 && plan.planned < MAX_PLANNED_TASKS / 2;
}

/** As far as tasks and slots tell. */
function plannedEnds(
  { tasks, nodes }: PlanRequest,
  perNode: Readonly<Record<string, number>>,
): Map<string, number> {
  const runMs = tasks[0]?.expectedMs ?? ASSUMED_MS;
  const ends = nodes.map(({ id, slots, speed = 1, queuedMs = 0 }): [string, number] => {
    const rounds = Math.ceil((perNode[id] ?? 0) / Math.max(1, slots));
    return [id, queuedMs + (rounds * runMs) / speed];
  });
  return new Map(ends.filter(([id]) => perNode[id] !== undefined));
}

/** Tasks of its jobs that have no node yet, counted no further than `enough`. */
function waitingIn(queue: Queue, enough: number): number {
  let waiting = 0;
  for (const { board } of queue.jobs()) {
    waiting += board.count('queued');
    if (waiting >= enough) break;
  }
  return waiting;
}

/** Copies stay: each keeps away from those before it. */
function takeFirsts(queue: Queue): ChosenTask<JobRecord>[] {
  const taken: ChosenTask<JobRecord>[] = [];
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
