import type { JobSpec } from '@fog/wire';
import { MAX_CACHED_SPEC_BYTES, MAX_CACHED_SPECS } from '../limits.ts';

interface KnownJob {
  readonly owner: string;
  readonly spec: JobSpec | undefined;
  readonly sizeBytes: number;
}

export type FetchSpec = (job: string, signal: AbortSignal) => Promise<JobSpec>;

/** Specs of recent jobs, least recently used out first; what is out is fetched again. */
export class JobSpecs {
  readonly #fetch: FetchSpec;
  readonly #jobs = new Map<string, KnownJob>();
  readonly #loading = new Map<string, Promise<JobSpec>>();
  #sizeBytes = 0;

  constructor(fetch: FetchSpec) {
    this.#fetch = fetch;
  }

  owner(job: string): string | undefined {
    return this.#jobs.get(job)?.owner;
  }

  /** Takes note of a job of a lease message; without `spec` the one known before stays. */
  add(job: string, owner: string, spec: JobSpec | undefined): void {
    const known = this.#jobs.get(job);
    if (known !== undefined && (spec === undefined || known.spec !== undefined)) {
      this.#jobs.delete(job);
      this.#jobs.set(job, known);
      return;
    }
    const sizeBytes = spec === undefined ? 0 : JSON.stringify(spec).length;
    if (known !== undefined) this.#jobs.delete(job);
    this.#jobs.set(job, { owner, spec, sizeBytes });
    this.#sizeBytes += sizeBytes;
    this.#evict();
  }

  /** The spec of a job that a held lease names. */
  async get(job: string, owner: string, signal: AbortSignal): Promise<JobSpec> {
    const known = this.#jobs.get(job)?.spec;
    if (known !== undefined) return known;
    const loading = this.#loading.get(job) ?? this.#load(job, owner, signal);
    try {
      return await loading;
    } catch (error) {
      // The load ended with another task's lease: this task tries for itself.
      if (signal.aborted || this.#loading.has(job)) throw error;
      return await this.#load(job, owner, signal);
    }
  }

  #load(job: string, owner: string, signal: AbortSignal): Promise<JobSpec> {
    const loading = this.#fetch(job, signal)
      .then((spec) => {
        this.add(job, owner, spec);
        return spec;
      })
      .finally(() => this.#loading.delete(job));
    this.#loading.set(job, loading);
    return loading;
  }

  #evict(): void {
    for (const [job, known] of this.#jobs) {
      if (this.#jobs.size <= MAX_CACHED_SPECS && this.#sizeBytes <= MAX_CACHED_SPEC_BYTES) return;
      this.#jobs.delete(job);
      this.#sizeBytes -= known.sizeBytes;
    }
  }
}
