/** Jobs that wait for other jobs: held back until those have settled, then run with their outputs. */
import { Readable } from 'node:stream';
import { sha256Hex } from '@fog/crypto';
import { errorMessage, isFogError } from '@fog/kernel';
import type { Blobs } from '@fog/store';
import {
  type Failure,
  type InputFile,
  isTerminal,
  MAX_INLINE_OUTPUT_BYTES,
  type JobState,
  type NeededOutput,
  Outcome,
  type OutputBytes,
} from '@fog/wire';
import type { References } from '../content/references.ts';
import type { Core } from '../core.ts';
import { fail } from '../errors.ts';
import type { JobRecord } from './job-record.ts';
import { endUnrun } from './lifecycle.ts';

interface NeedsParts {
  readonly core: Core;
  /** Takes outputs that live in the result row; without it they cannot be handed on. */
  readonly blobs: Pick<Blobs, 'put'> | undefined;
  readonly references: Pick<References, 'add'>;
  /** The job may be placed now. */
  readonly release: (job: JobRecord) => void;
}

export class Needs {
  readonly #core: Core;
  readonly #blobs: Pick<Blobs, 'put'> | undefined;
  readonly #references: NeedsParts['references'];
  readonly #release: (job: JobRecord) => void;
  /** Waiting jobs by the id of a job they need. */
  readonly #waiting = new Map<string, Set<JobRecord>>();
  #stopped = false;

  constructor({ core, blobs, references, release }: NeedsParts) {
    this.#core = core;
    this.#blobs = blobs;
    this.#references = references;
    this.#release = release;
  }

  start(): void {
    this.#stopped = false;
  }

  /** What is looked at now changes nothing any more, and is not looked at again. */
  stop(): void {
    this.#stopped = true;
  }

  /** Throws COORDINATOR_NO_JOB for a need of another account, or of nobody. */
  async check(account: string, jobs: Iterable<string>): Promise<void> {
    for (const id of jobs) await this.#stateOf(account, id);
  }

  /** Releases the job at once when it needs nothing; else when all it needs has settled. */
  hold(job: JobRecord): void {
    const needs = job.spec.needs ?? [];
    if (needs.length === 0) {
      this.#release(job);
      return;
    }
    for (const { job: id } of needs) {
      const waiting = this.#waiting.get(id) ?? new Set();
      this.#waiting.set(id, waiting.add(job));
    }
    this.#look(job);
  }

  /** After a restart: a job that ran before gets its inputs again before anybody asks for them. */
  async restore(job: JobRecord): Promise<void> {
    if (job.state === 'submitted' || job.spec.needs === undefined) return;
    const inputs = await this.#inputs(job);
    if (Array.isArray(inputs)) job.inputs = inputs;
  }

  /** A job has ended and its results are in the store. */
  ended(job: JobRecord): void {
    this.#forget(job);
    const waiting = this.#waiting.get(job.id);
    this.#waiting.delete(job.id);
    for (const dependent of waiting ?? []) this.#look(dependent);
  }

  /** What an open job waits for. */
  async states(job: JobRecord): Promise<{ job: string; state: JobState }[]> {
    const states: { job: string; state: JobState }[] = [];
    for (const { job: id } of job.spec.needs ?? []) {
      states.push({ job: id, state: (await this.#stateOf(job.owner, id)).state });
    }
    return states;
  }

  #look(job: JobRecord): void {
    this.#advance(job).catch((error: unknown) => {
      if (this.#stopped) return;
      if (isFogError(error, 'COORDINATOR_NO_JOB') && this.#isWaiting(job)) {
        return this.#fail(job, 'a job that it needs is not kept any more');
      }
      this.#core.logger.warn('a job that needs others could not be looked at', {
        job: job.id,
        cause: errorMessage(error),
      });
      // The store answers again sooner or later; a stopped coordinator looks anew when it starts.
      this.#core.clock.after(LOOK_AGAIN_MS, () => {
        if (this.#isWaiting(job)) this.#look(job);
      });
    });
  }

  async #advance(job: JobRecord): Promise<void> {
    for (const { job: id } of job.spec.needs ?? []) {
      const { state, cause } = await this.#stateOf(job.owner, id);
      if (!this.#isWaiting(job) || !isTerminal(state)) return;
      if (state !== 'settled') {
        const why = cause === undefined ? '' : `: ${cause}`;
        return this.#fail(job, `job ${id}, which it needs, is ${state}${why}`);
      }
    }
    const inputs = await this.#inputs(job);
    if (!this.#isWaiting(job)) return;
    if (typeof inputs === 'string') return this.#fail(job, inputs);
    this.#forget(job);
    job.inputs = inputs;
    this.#release(job);
  }

  /** The spec's inputs and the needed outputs, or why these cannot be had. */
  async #inputs(job: JobRecord): Promise<InputFile[] | string> {
    const inputs: InputFile[] = [...job.spec.inputs];
    for (const { job: id, outputs } of job.spec.needs ?? []) {
      for (const output of outputs) {
        const input = await this.#input(job.owner, id, output);
        if (typeof input === 'string') return input;
        inputs.push(input);
      }
    }
    return inputs;
  }

  #isWaiting(job: JobRecord): boolean {
    return !this.#stopped && this.#core.jobs.get(job.id) === job && !isTerminal(job.state);
  }

  #forget(job: JobRecord): void {
    for (const { job: id } of job.spec.needs ?? []) {
      const waiting = this.#waiting.get(id);
      waiting?.delete(job);
      if (waiting?.size === 0) this.#waiting.delete(id);
    }
  }

  #fail(job: JobRecord, message: string): void {
    const failure: Failure = { class: 'user', code: 'NEED_FAILED', message };
    endUnrun(this.#core, job, { state: 'failed', failure });
  }

  async #stateOf(
    account: string,
    id: string,
  ): Promise<{ readonly state: JobState; readonly cause: string | undefined }> {
    const open = this.#core.jobs.get(id);
    if (open?.owner === account) {
      // Its last results are durable only when it is gone from memory.
      return { state: isTerminal(open.state) ? 'verifying' : open.state, cause: open.cause };
    }
    const row = await this.#core.store.db
      .selectFrom('job')
      .select(['state', 'cause'])
      .where('id', '=', id)
      .where('owner', '=', account)
      .executeTakeFirst();
    if (row === undefined) {
      throw fail('COORDINATOR_NO_JOB', {
        message: `"needs" names ${id}, which is no job of this account.`,
        details: { job: id },
      });
    }
    return { state: row.state as JobState, cause: row.cause ?? undefined };
  }

  /** The input a needed output becomes, or why there is none. */
  async #input(owner: string, job: string, need: NeededOutput): Promise<InputFile | string> {
    const row = await this.#core.store.db
      .selectFrom('task_result')
      .select('outcome')
      .where('job', '=', job)
      .where('idx', '=', need.index)
      .executeTakeFirst();
    if (row === undefined) return `job ${job}, which it needs, has no task ${need.index}`;
    const outcome = Outcome.parse(JSON.parse(row.outcome));
    const bytes =
      need.from === 'stdout'
        ? outcome.stdout
        : outcome.files.find((file) => file.path === need.from)?.bytes;
    if (bytes === undefined) {
      return `task ${need.index} of job ${job}, which it needs, made no file ${need.from}`;
    }
    const stored = await this.#stored(owner, bytes);
    if (stored === undefined) return 'this fog keeps no content that jobs could hand on';
    return { path: need.to, ...stored };
  }

  async #stored(
    owner: string,
    bytes: OutputBytes,
  ): Promise<{ readonly content: string; readonly sizeBytes: number } | undefined> {
    if (bytes.content !== undefined) return { content: bytes.content, sizeBytes: bytes.sizeBytes };
    if (this.#blobs === undefined) return undefined;
    const data = Buffer.from(bytes.data ?? '', 'base64');
    // Before the bytes are there: nobody removes them then.
    await this.#references.add(owner, sha256Hex(data), data.length);
    return this.#blobs.put(Readable.from([data]), { maxBytes: MAX_INLINE_OUTPUT_BYTES });
  }
}

/** Wait before the store is asked again after it failed. */
const LOOK_AGAIN_MS = 5_000;
