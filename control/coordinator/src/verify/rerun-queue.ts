/** The coordinator's own runs, one after the other: they are rare, and must not take the machine from the fog. */
import { errorMessage, type Logger } from '@fog/kernel';
import { arrayItem } from '@fog/wire';
import type { JobRecord } from '../job/job-record.ts';
import { specForAgent } from '../lease/work-messages.ts';
import { MAX_RERUN_MS, MAX_WAITING_RERUNS } from '../limits.ts';
import { comparableDigest } from './ballot.ts';
import type { Reexecution, Rerun } from './verify-state.ts';

export interface AskedRun {
  readonly record: JobRecord;
  readonly index: number;
  /** Id under which the program is to see its job. */
  readonly job: string;
}

export class RerunQueue {
  readonly #reexecution: Reexecution | undefined;
  readonly #logger: Logger;
  readonly #stopped = new AbortController();
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;

  /** Without `reexecution` nothing can be run here, and no node is blamed. */
  constructor(reexecution: Reexecution | undefined, logger: Logger) {
    this.#reexecution = reexecution;
    this.#logger = logger;
  }

  get available(): boolean {
    return this.#reexecution !== undefined && this.#waiting < MAX_WAITING_RERUNS;
  }

  /** Nothing runs or waits: the place for what nobody waits for. */
  get idle(): boolean {
    return this.#reexecution !== undefined && this.#waiting === 0;
  }

  stop(): void {
    this.#stopped.abort(new Error('the coordinator stops'));
  }

  /** Tells the digest of the result; undefined when the run says nothing. Never told after `stop`. */
  run(ask: AskedRun, tell: (digest: string | undefined) => void): void {
    this.#waiting += 1;
    this.#last = this.#last.then(async () => {
      const digest = await this.#digest(rerunOf(ask));
      this.#waiting -= 1;
      if (!this.#stopped.signal.aborted) tell(digest);
    });
    this.#last = this.#last.catch((error: unknown) => {
      this.#logger.error('a re-execution could not be used', { cause: errorMessage(error) });
    });
  }

  async #digest(task: Rerun): Promise<string | undefined> {
    const { signal } = this.#stopped;
    if (signal.aborted || this.#reexecution === undefined) return undefined;
    try {
      return comparableDigest(await this.#reexecution.run(task, signal));
    } catch (error) {
      this.#logger.warn('the coordinator could not run a task for itself', {
        job: task.job,
        cause: errorMessage(error),
      });
      return undefined;
    }
  }
}

function rerunOf({ record, index, job }: AskedRun): Rerun {
  const spec = specForAgent(record);
  const timeoutMs = Math.min(spec.timeoutMs, MAX_RERUN_MS);
  const item = arrayItem(record.spec, index);
  return { job, owner: record.owner, index, item, spec: { ...spec, timeoutMs } };
}
