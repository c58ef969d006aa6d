import type { Clock, FogError } from '@fog/kernel';
import { STATUS_EVERY_MS } from './limits.ts';
import type { AgentStatus } from './options.ts';

/** Tells the caller what a person wants to see; changes of the running count are gathered. */
export class StatusReporter {
  readonly #clock: Clock;
  readonly #onStatus: ((status: AgentStatus) => void) | undefined;
  #running = 0;
  #told: number | undefined;
  #cancel: (() => void) | undefined;
  #open = false;

  constructor(clock: Clock, onStatus: ((status: AgentStatus) => void) | undefined) {
    this.#clock = clock;
    this.#onStatus = onStatus;
  }

  report(state: AgentStatus['state'], detail: string, error?: FogError): void {
    this.#told = undefined;
    const running = this.#running;
    this.#onStatus?.({ state, detail, running, ...(error === undefined ? {} : { error }) });
  }

  /** Tasks run or ended; told at most once a moment, and only while connected. */
  running(count: number, open: boolean): void {
    this.#running = count;
    this.#open = open;
    if (this.#onStatus === undefined) return;
    this.#cancel ??= this.#clock.after(STATUS_EVERY_MS, () => {
      this.#cancel = undefined;
      this.#tell();
    });
  }

  close(): void {
    this.#cancel?.();
  }

  #tell(): void {
    if (!this.#open || this.#told === this.#running) return;
    const count = this.#running;
    if (count === 0) this.report('connected', 'waiting for work');
    else this.report('working', `running ${count} ${count === 1 ? 'task' : 'tasks'}`);
    this.#told = count;
  }
}
