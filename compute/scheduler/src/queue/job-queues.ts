/**
 * Which task is placed next. Jobs queue by kind of work: tasks of one kind fit the same nodes. The most
 * urgent kind comes first; waiting makes urgent, so nothing starves; equally urgent kinds take turns, and
 * so do the jobs of one kind, except that those with a deadline go first, earliest deadline first.
 */
import type { KindPlan } from './kind-plan.ts';
import { urgencyOf } from './urgency.ts';

/** What the queues must know of a job. */
export interface WaitingJob {
  /** Jobs of one kind have tasks that fit the same nodes. */
  readonly kind: string;
  /** Lower is sooner. */
  readonly priority: number;
  readonly createdAt: number;
  readonly spec: {
    readonly deadlineAt?: number | undefined;
    /** Absent is B. */
    readonly class?: 'S' | 'A' | 'B' | undefined;
  };
  readonly board: {
    /** Whether `take` would find a task. */
    readonly ready: boolean;
    /** Tasks that have not ended. */
    readonly open: number;
    take(): number | undefined;
    giveBack(index: number): void;
  };
}

export interface ChosenTask<Job extends WaitingJob> {
  readonly job: Job;
  readonly index: number;
}

/** What a job's program usually takes; undefined before it ran. */
type UsualMs<Job> = (job: Job) => number | undefined;

export class JobQueues<Job extends WaitingJob> {
  readonly #usualMs: UsualMs<Job>;
  readonly #kinds = new Map<string, KindQueue<Job>>();
  #served = 0;

  constructor(usualMs: UsualMs<Job> = () => undefined) {
    this.#usualMs = usualMs;
  }

  enqueue(job: Job): void {
    if (!job.board.ready) return;
    const queue = this.#kinds.get(job.kind) ?? new KindQueue<Job>(this.#usualMs);
    this.#kinds.set(job.kind, queue);
    queue.add(job);
  }

  /** The job waits no more. */
  remove(job: Job): void {
    this.#kinds.get(job.kind)?.remove(job);
  }

  /** Undefined when nothing of the kind waits. */
  of(kind: string): KindQueue<Job> | undefined {
    return this.#kinds.get(kind);
  }

  /** All kinds that wait, in no order. */
  waiting(): Iterable<KindQueue<Job>> {
    return this.#kinds.values();
  }

  /** The kinds that wait, most urgent first; one that is found empty afterwards is forgotten. */
  *kinds(now: number): Generator<KindQueue<Job>> {
    const waiting = [...this.#kinds].map(([kind, queue]) => ({
      kind,
      queue,
      urgency: queue.urgency(now),
    }));
    if (waiting.length > 1) {
      waiting.sort((a, b) => a.urgency - b.urgency || a.queue.servedAt - b.queue.servedAt);
    }
    for (const { kind, queue } of waiting) {
      this.#served += 1;
      const before = queue.taken;
      yield queue;
      if (queue.taken > before) queue.servedAt = this.#served;
      if (queue.isEmpty) this.#kinds.delete(kind);
    }
  }
}

/** Jobs whose tasks fit the same nodes and have the same priority. */
export class KindQueue<Job extends WaitingJob> {
  readonly #usualMs: UsualMs<Job>;
  /** Jobs with a deadline, earliest first. */
  readonly #dated: Job[] = [];
  readonly #isDated = new Set<Job>();
  readonly #undated = new Set<Job>();
  /** Tasks it has given so far. */
  taken = 0;
  /** When it last had a turn. */
  servedAt = 0;
  /** Tasks that were taken out of the jobs, to run where a plan wants them. */
  plan: KindPlan<Job> | undefined;

  constructor(usualMs: UsualMs<Job>) {
    this.#usualMs = usualMs;
  }

  get first(): Job | undefined {
    return this.#dated[0] ?? this.#undated.values().next().value;
  }

  get isEmpty(): boolean {
    return this.first === undefined && (this.plan === undefined || this.plan.size === 0);
  }

  /** The jobs in it, those of which all tasks are planned left out. */
  *jobs(): Generator<Job> {
    yield* this.#dated;
    yield* this.#undated;
  }

  /** Lower is sooner: that of the job whose turn it is, planned or not. */
  urgency(now: number): number {
    const of = (job: Job | undefined): number =>
      job === undefined ? Infinity : urgencyOf(job, this.#usualMs(job), now);
    return Math.min(of(this.first), of(this.plan?.first));
  }

  add(job: Job): void {
    const due = job.spec.deadlineAt;
    if (due === undefined) this.#undated.add(job);
    else if (!this.#isDated.has(job)) {
      this.#isDated.add(job);
      this.#dated.splice(this.#placeOf(due), 0, job);
    }
  }

  remove(job: Job): void {
    this.#undated.delete(job);
    if (!this.#isDated.delete(job)) return;
    const at = this.#dated.indexOf(job);
    if (at === 0) this.#dated.shift();
    else this.#dated.splice(at, 1);
  }

  /** Behind all that are due no later: found in a few steps, for 100,000 may wait. */
  #placeOf(due: number): number {
    let low = 0;
    let high = this.#dated.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#dated[middle]?.spec.deadlineAt ?? 0) > due) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** At most `capacity` tasks: all of the earliest deadlines, then an even share for each job that waits. */
  take(capacity: number): ChosenTask<Job>[] {
    const chosen: ChosenTask<Job>[] = [];
    while (chosen.length < capacity) {
      const job = this.first;
      if (job === undefined) break;
      const left = capacity - chosen.length;
      const isDated = this.#dated[0] === job;
      takeFrom(job, isDated ? left : Math.max(1, Math.floor(left / this.#undated.size)), chosen);
      if (isDated) {
        if (job.board.ready) break;
        this.remove(job);
      } else {
        this.#undated.delete(job);
        if (job.board.ready) this.#undated.add(job);
      }
    }
    this.taken += chosen.length;
    return chosen;
  }

  /** A taken task found no node. */
  giveBack({ job, index }: ChosenTask<Job>): void {
    this.taken -= 1;
    job.board.giveBack(index);
    this.add(job);
  }
}

function takeFrom<Job extends WaitingJob>(
  job: Job,
  count: number,
  chosen: ChosenTask<Job>[],
): void {
  for (let taken = 0; taken < count; taken += 1) {
    const index = job.board.take();
    if (index === undefined) return;
    chosen.push({ job, index });
  }
}
