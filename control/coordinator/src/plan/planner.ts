/**
 * Places batches as a whole. A batch that is large and long enough, or whose job names a strategy, is given
 * to the planning thread; its answer says which task waits for which node, and holds until the fleet or the
 * measured progress departs from it. Without an answer the batch goes where there is room, as single tasks do.
 */
import { errorMessage } from '@fog/kernel';
import {
  type ChosenTask,
  KindPlan,
  type KindQueue,
  type PlacementNode,
  refusalOf,
} from '@fog/scheduler';
import type { SchedulerStatus } from '@fog/wire';
import type { Core } from '../core.ts';
import type { JobRecord } from '../job/job-record.ts';
import type { Dispatcher } from '../lease/dispatcher.ts';
import { MAX_PLANNED_TASKS } from '../limits.ts';
import { nameFor } from '../registry/node-record.ts';
import {
  type Batch,
  batchOf,
  countFirsts,
  plannedShares,
  plannedStrategy,
  planText,
  strategyOf,
  takeFirsts,
  tell,
} from './plan-batch.ts';
import type { PlanAnswer } from './plan-messages.ts';
import { planRecord, planSummary } from './plan-record.ts';
import type { PlanStats } from './plan-stats.ts';
import type { PlanThread } from './plan-thread.ts';
import { isLarge, LEAST_TASKS, leastTasks, misfit, type PlannedShare } from './should-plan.ts';
import { spaced } from './spaced.ts';

/** How often batches and plans are looked at. */
const LOOK_EVERY_MS = 500;
/** Between two looks for what happens to the nodes: with a large fleet much does, and a look takes milliseconds. */
const LEAST_LOOK_MS = 50;
/** A plan made again and again would cost more than it saves. */
const LEAST_PLAN_AGE_MS = 2_000;
/** Plans named in the status. */
const SHOWN_PLANS = 10;
/** Why a plan is made before any misfit. */
const CAUSES = {
  named: 'its tasks wait',
  pays: 'so many of its tasks wait that a plan pays',
  further: 'further tasks wait',
} as const;
/** Why a plan that nobody asked for ends. */
const SHARED = 'other work waits for the same nodes, which a plan would hold up';

/** What is remembered of a plan that holds. */
interface Held {
  readonly madeAtMs: number;
  /** Nodes that could take the tasks when it was made. */
  readonly known: ReadonlySet<string>;
  readonly shares: ReadonlyMap<string, PlannedShare>;
  readonly makespanMs: number;
}

type Queue = KindQueue<JobRecord>;
type Waiting = ChosenTask<JobRecord>;

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
    const { ask, stop } = spaced(core.clock, LEAST_LOOK_MS, () => this.#look());
    const stopClock = core.clock.every(LOOK_EVERY_MS, () => this.#look());
    const stopNews = core.listeners.subscribe({ node: ask });
    this.#stopNews = () => {
      stopClock();
      stopNews();
      stop();
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
    const { core, dispatcher } = this.#deps;
    if (plannedStrategy(strategyOf(core, job)) === undefined) return;
    const task = dispatcher.task(job);
    if (!fleet.some((node) => refusalOf(task, node) === undefined)) return;
    if (this.#hold(queue)) void this.#plan(queue, CAUSES.named);
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
      if (queue.plan !== undefined && this.#isUnasked(queue) && this.#isShared(queue, fleetNow)) {
        this.#release(queue.plan);
        continue;
      }
      const cause =
        queue.plan === undefined ? undefined : this.#misfit(queue, queue.plan, fleetNow);
      if (cause !== undefined) void this.#plan(queue, cause);
      else if (this.#pays(queue, fleetNow)) {
        const isFirst = queue.plan === undefined;
        this.#hold(queue);
        if (queue.plan !== undefined) queue.plan.isEager = isFirst;
        void this.#plan(queue, CAUSES.pays);
        dispatcher.kick();
      }
    }
  }

  /** True when there is something to plan. What ran before goes where there is room while a plan holds. */
  #hold(queue: Queue): boolean {
    const tasks = takeFirsts(queue);
    if (tasks.length === 0) return false;
    const plan = (queue.plan ??= new KindPlan(isWaiting));
    const isRetry = ({ job, index }: Waiting): boolean => job.board.attempts(index) > 0;
    const retries = plan.planned > 0 ? tasks.filter(isRetry) : [];
    for (const task of retries) plan.putBack(task);
    plan.hold(retries.length === 0 ? tasks : tasks.filter((task) => !isRetry(task)));
    return retries.length < tasks.length;
  }

  /** Whether the tasks that wait for a node of their own take long enough to be planned as a whole. */
  #pays(queue: Queue, fleetNow: () => readonly PlacementNode[]): boolean {
    const { core, dispatcher } = this.#deps;
    const job = queue.first;
    if (job === undefined || job.spec.service === true) return false;
    if (strategyOf(core, job) !== 'auto') return false;
    const usualMs = dispatcher.runTimes.usualMs(job.spec.module);
    if (usualMs === undefined) return false;
    if (!isLarge(usualMs, countFirsts(queue, LEAST_TASKS))) return false;
    const task = dispatcher.task(job);
    const able = fleetNow().filter((node) => refusalOf(task, node) === undefined);
    const slots = able.reduce((sum, node) => sum + node.slots, 0);
    const least = leastTasks({ usualMs, slots, budgetMs: core.options.planBudgetMs });
    if (able.length < 2 || countFirsts(queue, least) < least) return false;
    return !this.#isShared(queue, fleetNow);
  }

  /** `auto` chose to plan it, or may. */
  #isUnasked({ first, plan }: Queue): boolean {
    const job = plan?.first ?? first;
    return job !== undefined && strategyOf(this.#deps.core, job) === 'auto';
  }

  /**
   * Work of another kind has waited for some of the nodes since the last look. A plan lets a node idle that could
   * take it, and makes short work wait for long: with many users first-come to free slots is better for all.
   */
  #isShared(queue: Queue, fleetNow: () => readonly PlacementNode[]): boolean {
    const { core, dispatcher } = this.#deps;
    const before = core.clock.now() - LOOK_EVERY_MS;
    for (const other of dispatcher.queues.waiting()) {
      const job = other.plan?.first ?? other.first;
      if (other === queue || job === undefined || job.createdAt > before) continue;
      const task = dispatcher.task(job);
      if (fleetNow().some((node) => refusalOf(task, node) === undefined)) return true;
    }
    return false;
  }

  #release(plan: KindPlan<JobRecord>): void {
    if (plan.planned === 0 && plan.unplanned === 0) return;
    tell(this.#deps.core, { tasks: plan.waiting() }, { type: 'unplanned', cause: SHARED });
    plan.release();
    this.#deps.dispatcher.kick();
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
    if (hasFurther(plan)) return CAUSES.further;
    const ageMs = core.clock.monotonicMs() - (held?.madeAtMs ?? 0);
    if (held === undefined || plan.planned === 0 || ageMs < LEAST_PLAN_AGE_MS) return undefined;
    return misfit(dispatcher.task(job), fleetNow(), {
      ageMs,
      ...held,
      waitingOn: (node) => plan.waitingOn(node),
      nameOf: (node) => nameFor({ account: job.owner }, node, core),
    });
  }

  async #plan(queue: Queue, cause: string): Promise<void> {
    const { core, dispatcher, thread, stats } = this.#deps;
    const { plan } = queue;
    if (plan === undefined || this.#underWay.has(queue)) return;
    const batch = batchOf(core, dispatcher, plan);
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
      tell(core, batch, { type: 'unplanned', cause: why });
    } finally {
      this.#underWay.delete(queue);
    }
    if (hasFurther(plan)) void this.#plan(queue, CAUSES.further);
    dispatcher.kick();
  }

  #adopt(
    queue: Queue,
    batch: Batch,
    { answer, cause }: { readonly answer: PlanAnswer; readonly cause: string },
  ): void {
    const { core, stats } = this.#deps;
    const { placement } = answer;
    const { tasks, request } = batch;
    if (queue.plan === undefined) return;
    const unplaced = placement.unplaced.map(({ task }) => ({ task, node: undefined }));
    queue.plan.assign(
      [...placement.assignments, ...unplaced].flatMap(({ task, node }) => {
        const one = tasks[task];
        return one === undefined ? [] : [{ ...one, node }];
      }),
    );
    this.#held.set(queue, {
      madeAtMs: core.clock.monotonicMs(),
      known: batch.able,
      shares: plannedShares(request, placement.front[placement.chosen]?.perNode ?? {}),
      makespanMs: placement.indicators.makespanMs,
    });
    const about = {
      jobs: tasks.map(({ job }) => job.id),
      asked: batch.asked,
      cause,
      time: core.clock.now(),
    };
    const plan = core.fronts.add(batch.owner, planRecord(request, answer, about), request);
    stats.decided(plan);
    tell(core, batch, { type: 'planned', cause: planText(plan) });
  }
}

/**
 * Tasks came, or were left for later, and few wait that have had their plan, or some that are due later. Those it
 * found no node for count: they would be the next one's first, and fit no better.
 */
function hasFurther({ size, unplanned, isOvertaken }: KindPlan<JobRecord>): boolean {
  return isOvertaken || (unplanned > 0 && size - unplanned < MAX_PLANNED_TASKS / 2);
}

/** It has not ended, and does not run for another reason. */
function isWaiting({ job, index }: Waiting): boolean {
  return job.board.stateOf(index) === 'queued';
}
