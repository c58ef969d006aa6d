/** Which task is placed next: jobs queue by kind of work, and within a kind they take turns. */
import type { JobRecord } from './job-record.ts';

export interface ChosenTask {
  readonly job: JobRecord;
  readonly index: number;
}

export class JobQueues {
  /** Jobs with tasks to place, by kind. */
  readonly #kinds = new Map<string, KindQueue>();

  enqueue(job: JobRecord): void {
    if (!job.board.ready) return;
    const kind = kindOf(job);
    const queue = this.#kinds.get(kind) ?? new KindQueue();
    this.#kinds.set(kind, queue);
    queue.add(job);
  }

  /** The kinds that wait, in turn; one that is found empty afterwards is forgotten. */
  *kinds(): Generator<KindQueue> {
    for (const [kind, queue] of this.#kinds) {
      yield queue;
      if (queue.first === undefined) this.#kinds.delete(kind);
    }
  }
}

/** Jobs whose tasks fit the same nodes. */
export class KindQueue {
  readonly #jobs = new Set<JobRecord>();

  get first(): JobRecord | undefined {
    return this.#jobs.values().next().value;
  }

  add(job: JobRecord): void {
    this.#jobs.add(job);
  }

  /** At most `capacity` tasks, shared evenly by the jobs that wait. */
  take(capacity: number): ChosenTask[] {
    const chosen: ChosenTask[] = [];
    while (chosen.length < capacity) {
      const job = this.first;
      if (job === undefined) break;
      const left = capacity - chosen.length;
      const share = Math.max(1, Math.floor(left / this.#jobs.size));
      this.#jobs.delete(job);
      for (let taken = 0; taken < share; taken += 1) {
        const index = job.board.take();
        if (index === undefined) break;
        chosen.push({ job, index });
      }
      if (job.board.ready) this.#jobs.add(job);
    }
    return chosen;
  }

  /** A taken task found no node. */
  giveBack({ job, index }: ChosenTask): void {
    job.board.giveBack(index);
    this.#jobs.add(job);
  }
}

/** Tasks of one kind fit the same nodes, so they share a queue and a capacity. */
function kindOf(job: JobRecord): string {
  const { runtime, module, resources } = job.spec;
  return [job.owner, runtime, module, resources.memoryBytes].join(' ');
}
