/** The coordinator's own sandbox for disputed tasks; it costs nothing before the first dispute. */
import { createWriteStream } from 'node:fs';
import { mkdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Reexecution } from '@fog/coordinator';
import { createLocalRunner, type RunLocally } from '@fog/harvest';
import type { Clock, Logger } from '@fog/kernel';
import { createRuntime, type Runtime } from '@fog/runtime';
import type { Blobs } from '@fog/store';
import { lockFirstFree } from './lock-first-free.ts';

export interface ReexecutionOptions {
  readonly dataDir: string;
  readonly runtimesDir: string;
}

export interface ReexecutionDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly blobs: Pick<Blobs, 'open'>;
}

export type ComposedReexecution = Reexecution & AsyncDisposable;

export function composeReexecution(
  options: ReexecutionOptions,
  deps: ReexecutionDeps,
): ComposedReexecution {
  const stack = new AsyncDisposableStack();
  let started: Promise<RunLocally> | undefined;
  const start = async (): Promise<RunLocally> => {
    const runtimeDir = stack.use(lockFirstFree(options.runtimesDir)).dir;
    const runtime: Runtime = createRuntime({ dataDir: runtimeDir, slots: 1, level: 'auto' }, deps);
    stack.defer(() => runtime.stop());
    await runtime.start(new AbortController().signal);
    const dir = path.join(options.dataDir, 'disputes');
    // A dispute that a stop cut short is looked into anew.
    await rm(dir, { recursive: true, force: true });
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const read = async (content: string, file: string, signal: AbortSignal): Promise<number> => {
      const bytes = Readable.from(await deps.blobs.open(content));
      await pipeline(bytes, createWriteStream(file, { mode: 0o600 }), { signal });
      return (await stat(file)).size;
    };
    return createLocalRunner({ ...deps, runtime, dir, read });
  };
  return {
    run: async (task, signal) => {
      started ??= start();
      const run = await started;
      return run(task, signal);
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
