/** What ended long ago goes, a little at a time: jobs with their results, then what nobody refers to any more. */
import type { Blobs } from '@fog/store';
import type { FogStatus } from '@fog/wire';
import type { Core } from '../core.ts';
import type { CoordinatorMetrics } from '../plan/plan-stats.ts';
import { FIRST_ROUND_MS, ROUND_PAUSE_MS, STEP_PAUSE_MS } from './limits.ts';
import { removeOldJobs } from './old-jobs.ts';
import { removeOldReferences, removeUnusedBlobs } from './unused-blobs.ts';

interface RetentionDeps {
  /** Without them content is not removed. */
  readonly blobs?: Pick<Blobs, 'remove'> | undefined;
  readonly metrics?: CoordinatorMetrics | undefined;
}

export class Retention {
  readonly #core: Core;
  readonly #deps: RetentionDeps;
  #counts = { removedJobs: 0, removedBlobs: 0, freedBytes: 0 };
  #cancel: (() => void) | undefined;
  #wake: (() => void) | undefined;
  #stopped = true;

  constructor(core: Core, deps: RetentionDeps) {
    this.#core = core;
    this.#deps = deps;
  }

  start(): void {
    this.#stopped = false;
    this.#roundIn(FIRST_ROUND_MS);
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
    this.#wake?.();
  }

  /** Since this coordinator leads. */
  get view(): NonNullable<FogStatus['retention']> {
    return { keepMs: this.#core.options.keepMs, ...this.#counts };
  }

  #roundIn(delayMs: number): void {
    const { clock, logger } = this.#core;
    this.#cancel = clock.after(delayMs, () => {
      this.#round()
        .catch((error: unknown) => {
          if (!this.#stopped) logger.warn('old jobs were not all removed', { cause: error });
        })
        .finally(() => {
          if (!this.#stopped) this.#roundIn(ROUND_PAUSE_MS);
        });
    });
  }

  async #round(): Promise<void> {
    const core = this.#core;
    const { blobs } = this.#deps;
    const pause = (): Promise<boolean> => this.#pause();
    const jobs = await removeOldJobs(core, core.clock.now() - core.options.keepMs, pause);
    if (jobs === undefined) return;
    this.#count('jobs', jobs.removed);
    this.#counts.removedJobs += jobs.removed;
    if (!(await removeOldReferences(core, jobs.oldest, pause)) || blobs === undefined) return;
    const removed = await removeUnusedBlobs(core, blobs, pause);
    if (removed === undefined) return;
    this.#count('blobs', removed.blobs);
    this.#counts.removedBlobs += removed.blobs;
    this.#counts.freedBytes += removed.bytes;
    if (jobs.removed + removed.blobs > 0) {
      core.logger.info('removed what ended long ago', { jobs: jobs.removed, ...removed });
    }
  }

  #count(what: string, by: number): void {
    if (by > 0) this.#deps.metrics?.count('fog_coordinator_removed_total', { what }, by);
  }

  /** False when the term is over. */
  async #pause(): Promise<boolean> {
    await new Promise<void>((resolve) => {
      const cancel = this.#core.clock.after(STEP_PAUSE_MS, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
    return !this.#stopped;
  }
}
