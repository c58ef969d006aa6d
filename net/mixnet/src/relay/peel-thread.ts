/** A peel thread, seen from the main thread: starting it, giving it memory, ending it. */
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { type Clock, errorMessage } from '@fog/kernel';
import { fail } from '../errors.ts';
import { WORKER_START_MS } from './limits.ts';
import type { PeelSharedMemory } from './peel-shared.ts';
import type { PeelWorkerData } from './peel-worker.ts';

export interface PeelThreadOptions {
  readonly memory: PeelSharedMemory;
  readonly worker: number;
  /** Called when the thread ended of itself. */
  readonly onEnd: (why: string) => void;
}

export interface PeelThread {
  /** Resolves when it peels; throws MIXNET_PEEL_THREAD. */
  ready(clock: Clock, signal: AbortSignal): Promise<void>;
  /** The next block of packet memory. */
  give(block: SharedArrayBuffer): void;
  end(): Promise<void>;
}

export function startPeelThread({ memory, worker, onEnd }: PeelThreadOptions): PeelThread {
  const { port1, port2 } = new MessageChannel();
  const data: PeelWorkerData = { memory, worker, blocks: port2 };
  const thread = new Worker(new URL('peel-worker.ts', import.meta.url), {
    name: `fog-peel-${worker}`,
    workerData: data,
    transferList: [port2],
    env: {},
  });
  let ending = false;
  let cause: string | undefined;
  thread.on('error', (error) => {
    cause = errorMessage(error);
  });
  // After this nothing of the thread touches the shared memory any more.
  thread.on('exit', (code) => {
    port1.close();
    if (!ending) onEnd(cause ?? `exit code ${code}`);
  });
  return {
    ready: async (clock, signal) => ready(thread, clock, signal),
    give: (block) => post(port1, block),
    end: async () => {
      ending = true;
      port1.close();
      await thread.terminate();
    },
  };
}

function post(port: MessagePort, block: SharedArrayBuffer): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  port.postMessage(block);
}

async function ready(thread: Worker, clock: Clock, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const settle = (why: string | undefined): void => {
      stopWaiting();
      signal.removeEventListener('abort', onAbort);
      thread.removeListener('message', onReady);
      thread.removeListener('exit', onExit);
      if (why === undefined) resolve();
      else reject(fail('MIXNET_PEEL_THREAD', { message: `A peel thread did not start: ${why}.` }));
    };
    const onAbort = (): void => settle('the start was given up');
    const onExit = (): void => settle('it ended');
    const onReady = (): void => settle(undefined);
    const stopWaiting = clock.after(WORKER_START_MS, () => settle('it took too long'));
    thread.once('message', onReady);
    thread.once('exit', onExit);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
  thread.unref();
}
