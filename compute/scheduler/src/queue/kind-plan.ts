/**
 * Tasks of one kind that a plan gave to nodes beforehand. Each waits for room on its node; what no plan
 * covers waits for the next plan, or goes where there is room.
 */
import type { ChosenTask, WaitingJob } from './job-queues.ts';

export class KindPlan<Job extends WaitingJob> {
  readonly #isWaiting: (task: ChosenTask<Job>) => boolean;
  /** By node, the next task last. */
  #perNode = new Map<string, ChosenTask<Job>[]>();
  /** Next last. */
  #anywhere: ChosenTask<Job>[] = [];
  #unplanned: ChosenTask<Job>[] = [];
  /** Of those that no plan covers the one that is due first. */
  #dueFirst: ChosenTask<Job> | undefined;
  /** What no plan covers goes where there is room, until a plan does. */
  isEager = false;

  /** `isWaiting` is false for a task that has ended, or runs for another reason. */
  constructor(isWaiting: (task: ChosenTask<Job>) => boolean) {
    this.#isWaiting = isWaiting;
  }

  /** Tasks in it; some may wait no more. */
  get size(): number {
    return this.planned + this.#anywhere.length + this.unplanned;
  }

  /** Tasks that have a node. */
  get planned(): number {
    let planned = 0;
    for (const tasks of this.#perNode.values()) planned += tasks.length;
    return planned;
  }

  get unplanned(): number {
    return this.#unplanned.length;
  }

  /** Tasks that go where there is room. */
  get anywhere(): number {
    return this.#anywhere.length + (this.isEager ? this.#unplanned.length : 0);
  }

  get first(): Job | undefined {
    return this.wanting ?? this.#dueFirst?.job;
  }

  /** A job with tasks that could start now if their node had room: the one that is due first. */
  get wanting(): Job | undefined {
    let soonest = this.#next(this.#anywhere);
    for (const tasks of this.#perNode.values()) soonest = dueFirst(soonest, this.#next(tasks));
    if (soonest !== undefined || !this.isEager) return soonest?.job;
    return this.#unplanned.find((task) => this.#isWaiting(task))?.job;
  }

  /** A task that no plan covers is due before one that has a node. */
  get isOvertaken(): boolean {
    const due = dueOf(this.#dueFirst);
    return [...this.#perNode.values()].some(([last]) => last !== undefined && due < dueOf(last));
  }

  waitingOn(node: string): number {
    return this.#perNode.get(node)?.length ?? 0;
  }

  /** Whether work that may run on the node would be taken there now. */
  uses(node: string): boolean {
    return this.anywhere > 0 || this.waitingOn(node) > 0;
  }

  /** Nodes with tasks that wait for them. */
  *nodes(): Generator<string> {
    for (const [node, tasks] of this.#perNode) if (tasks.length > 0) yield node;
  }

  /** Kept until a plan covers them. */
  hold(tasks: readonly ChosenTask<Job>[]): void {
    for (const task of tasks) {
      this.#unplanned.push(task);
      this.#dueFirst = dueFirst(this.#dueFirst, task);
    }
  }

  /** At most `count` tasks for the node; they are not in the plan any more. */
  take(node: string, count: number): ChosenTask<Job>[] {
    return this.#pop(this.#perNode.get(node) ?? [], count);
  }

  /** At most `count` of those that may go anywhere. */
  takeAnywhere(count: number): ChosenTask<Job>[] {
    const taken = this.#pop(this.#anywhere, count);
    if (!this.isEager) return taken;
    const more = this.#unplanned.splice(0, count - taken.length);
    return [...taken, ...more.filter((task) => this.#isWaiting(task))];
  }

  putBack(task: ChosenTask<Job>): void {
    this.#anywhere.push(task);
  }

  /** All that wait, the planned ones too, the earliest due first. */
  waiting(): ChosenTask<Job>[] {
    const waiting = [...this.#tasks()].filter((task) => this.#isWaiting(task));
    return waiting.sort((a, b) => (dueOf(a) === dueOf(b) ? 0 : dueOf(a) - dueOf(b)));
  }

  /**
   * A new plan: `tasks` go to their nodes in the order given, whatever an older plan had wanted; one without a
   * node goes anywhere. What still waits and is not among them waits for the next plan.
   */
  assign(tasks: readonly (ChosenTask<Job> & { readonly node: string | undefined })[]): void {
    const left = new Map<Job, Set<number>>();
    for (const { job, index } of this.waiting()) {
      const known = left.get(job) ?? new Set();
      left.set(job, known.add(index));
    }
    this.#perNode = new Map();
    this.#anywhere = [];
    this.isEager = false;
    for (const { job, index, node } of tasks.toReversed()) {
      if (left.get(job)?.delete(index) !== true) continue;
      const list = node === undefined ? this.#anywhere : (this.#perNode.get(node) ?? []);
      list.push({ job, index });
      if (node !== undefined) this.#perNode.set(node, list);
    }
    this.#leave(
      [...left].flatMap(([job, indices]) => [...indices].map((index) => ({ job, index }))),
    );
  }

  /** No plan is to be had: all may go anywhere. */
  release(): void {
    this.#anywhere = this.waiting().toReversed();
    this.#perNode = new Map();
    this.#leave([]);
  }

  /** Forgets what waits no more. */
  prune(): void {
    const isWaiting = this.#isWaiting;
    for (const [node, tasks] of this.#perNode) this.#perNode.set(node, tasks.filter(isWaiting));
    this.#anywhere = this.#anywhere.filter(isWaiting);
    this.#leave(this.#unplanned.filter(isWaiting));
  }

  #leave(unplanned: ChosenTask<Job>[]): void {
    this.#unplanned = unplanned;
    this.#dueFirst = undefined;
    for (const task of unplanned) this.#dueFirst = dueFirst(this.#dueFirst, task);
  }

  *#tasks(): Generator<ChosenTask<Job>> {
    for (const tasks of this.#perNode.values()) yield* tasks.toReversed();
    yield* this.#anywhere.toReversed();
    yield* this.#unplanned;
  }

  /** Those before it have ended, and are forgotten. */
  #next(list: ChosenTask<Job>[]): ChosenTask<Job> | undefined {
    for (;;) {
      const next = list.at(-1);
      if (next === undefined || this.#isWaiting(next)) return next;
      list.pop();
    }
  }

  #pop(list: ChosenTask<Job>[], count: number): ChosenTask<Job>[] {
    const taken: ChosenTask<Job>[] = [];
    while (taken.length < count) {
      const task = list.pop();
      if (task === undefined) break;
      if (this.#isWaiting(task)) taken.push(task);
    }
    return taken;
  }
}

function dueOf<Job extends WaitingJob>(task: ChosenTask<Job> | undefined): number {
  return task?.job.spec.deadlineAt ?? Infinity;
}

/** Of equal ones the first. */
function dueFirst<Job extends WaitingJob>(
  one: ChosenTask<Job> | undefined,
  other: ChosenTask<Job> | undefined,
): ChosenTask<Job> | undefined {
  return one === undefined || dueOf(other) < dueOf(one) ? other : one;
}
