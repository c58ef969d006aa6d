import type { PlacementTask, WaitingJob } from '@fog/scheduler';
import type { TraceJob } from './trace.ts';

/** A job of the trace while it is replayed: what the product's queues and placement see of it. */
export interface ReplayJob extends WaitingJob {
  /** Position in the trace. */
  readonly order: number;
  readonly traced: TraceJob;
  readonly task: PlacementTask;
  readonly board: WaitingTasks;
  endedMs: number | undefined;
}

/** Neither job is more urgent than another. */
const PRIORITY = 5;

export function replayJob(traced: TraceJob, order: number): ReplayJob {
  const { user, program, memoryBytes, submitMs, dueMs, tasks } = traced;
  return {
    order,
    traced,
    kind: `${program} ${memoryBytes}`,
    priority: PRIORITY,
    createdAt: submitMs,
    spec: dueMs === undefined ? {} : { deadlineAt: dueMs },
    task: { owner: user, runtime: 'wasm', module: program, memoryBytes, depth: 1 },
    board: new WaitingTasks(tasks),
    endedMs: undefined,
  };
}

/** Those that wait: lost ones first, then in order. */
export class WaitingTasks {
  readonly #total: number;
  readonly #returned: number[] = [];
  #fresh = 0;
  /** Tasks that have not ended. */
  open: number;

  constructor(total: number) {
    this.#total = total;
    this.open = total;
  }

  get waiting(): number {
    return this.#returned.length + this.#total - this.#fresh;
  }

  get ready(): boolean {
    return this.waiting > 0;
  }

  take(): number | undefined {
    const returned = this.#returned.pop();
    if (returned !== undefined) return returned;
    if (this.#fresh >= this.#total) return undefined;
    this.#fresh += 1;
    return this.#fresh - 1;
  }

  giveBack(index: number): void {
    this.#returned.push(index);
  }
}
