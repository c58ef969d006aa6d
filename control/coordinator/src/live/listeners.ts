import type { JobEvent } from '@fog/wire';
import type { FogListener, JobListener, OutputEvent } from '../api.ts';
import type { FogNode } from '@fog/wire';

/** Who wants to hear of what. A listener that throws is its own trouble: it must not. */
export class Listeners {
  readonly #jobs = new Map<string, Set<JobListener>>();
  readonly #fog = new Set<FogListener>();

  followJob(job: string, listener: JobListener): () => void {
    const set = this.#jobs.get(job) ?? new Set();
    this.#jobs.set(job, set);
    set.add(listener);
    return () => {
      set.delete(listener);
      if (set.size === 0 && this.#jobs.get(job) === set) this.#jobs.delete(job);
    };
  }

  subscribe(listener: FogListener): () => void {
    this.#fog.add(listener);
    return () => this.#fog.delete(listener);
  }

  event(event: JobEvent, owner: string): void {
    for (const listener of this.#jobs.get(event.job) ?? []) listener.event(event);
    for (const listener of this.#fog) listener.jobEvent?.(event, owner);
  }

  output(job: string, output: OutputEvent): void {
    for (const listener of this.#jobs.get(job) ?? []) listener.output(output);
  }

  node(node: FogNode): void {
    for (const listener of this.#fog) listener.node?.(node);
  }
}
