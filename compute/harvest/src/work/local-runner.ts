/** Runs single tasks for somebody on this machine, without a coordinator: the same staging, sandbox and result as an agent's. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Clock, Logger } from '@fog/kernel';
import type { Runtime } from '@fog/runtime';
import { type ArrayItem, type JobSpec, Outcome } from '@fog/wire';
import { CACHE_BYTES } from '../limits.ts';
import { LiveOutput } from '../output/live-output.ts';
import { BlobCache } from '../staging/blob-cache.ts';
import { JobSpecs } from '../staging/job-specs.ts';
import type { HeldLease } from './lease-table.ts';
import { runTask } from './run-task.ts';

export interface LocalTask {
  readonly job: string;
  /** Account the job belongs to. */
  readonly owner: string;
  readonly index: number;
  readonly item: ArrayItem | undefined;
  readonly spec: JobSpec;
}

export interface LocalRunnerDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Started. */
  readonly runtime: Runtime;
  /** Private directory for inputs and outputs. */
  readonly dir: string;
  /** Writes the content to a file and returns its size. */
  readonly read: (content: string, file: string, signal: AbortSignal) => Promise<number>;
}

export type RunLocally = (task: LocalTask, signal: AbortSignal) => Promise<Outcome>;

export async function createLocalRunner(deps: LocalRunnerDeps): Promise<RunLocally> {
  const { clock, logger, runtime, dir, read } = deps;
  const spoolDir = path.join(dir, 'spool');
  await mkdir(spoolDir, { recursive: true, mode: 0o700 });
  const cache = new BlobCache(
    { dir: path.join(dir, 'cache'), maxBytes: CACHE_BYTES },
    { download: read, logger },
  );
  await cache.open();
  const silent = { open: false, bufferedBytes: 0, send: (): void => {} };
  let runs = 0;
  return async (task, signal) => {
    runs += 1;
    const specs = new JobSpecs(async () => task.spec);
    const abort = new AbortController();
    const stop = (): void => abort.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    const lease: HeldLease = {
      ...task,
      token: runs,
      attempt: 1,
      abort,
      phase: undefined,
      phaseSinceMs: 0,
      phaseReported: false,
    };
    const ended = await runTask(lease, new LiveOutput(runs, silent), {
      runtime,
      specs,
      cache,
      spoolDir: () => spoolDir,
      node: '',
      fogId: () => '',
      nodeOwner: () => '',
      nowMs: () => clock.monotonicMs(),
      enter: () => {},
    });
    signal.removeEventListener('abort', stop);
    ended.dispose();
    return Outcome.parse(JSON.parse(ended.json).outcome);
  };
}
