import type { RunEnd, RunRequest, RunSink, Runtime } from '@fog/runtime';
import type { Health } from '@fog/kernel';
import { failedOutcome, type RuntimeName, type SandboxLevel } from '@fog/wire';

export interface FakeRun {
  readonly request: RunRequest;
  readonly sink: RunSink;
  readonly signal: AbortSignal;
  readonly end: (end?: Partial<RunEnd>) => void;
}

export const NO_USAGE = { wallMs: 1, cpuMs: 1, peakMemoryBytes: 1 };

/** Runs nothing: each run waits for the test, or for `auto`, to end it. */
export class FakeRuntime implements Runtime {
  level: SandboxLevel = 'os';
  levelReason: string | undefined;
  runtimes: RuntimeName[] = ['wasm', 'python'];
  healthNow: Health = { state: 'healthy' };
  auto: ((run: FakeRun) => void) | undefined;
  started = 0;
  stopped = 0;
  running = 0;
  mostRunning = 0;
  readonly runs: FakeRun[] = [];
  /** When false, an aborted run goes on until the test ends it. */
  heedsAbort = true;

  start(): Promise<void> {
    this.started += 1;
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.stopped += 1;
    return Promise.resolve();
  }

  health(): Promise<Health> {
    return Promise.resolve(this.healthNow);
  }

  async run(request: RunRequest, sink: RunSink, signal: AbortSignal): Promise<RunEnd> {
    const { promise, resolve } = Promise.withResolvers<RunEnd>();
    const run: FakeRun = {
      request,
      sink,
      signal,
      end: (end = {}) => resolve({ exitCode: 0, usage: NO_USAGE, ...end }),
    };
    const cancelled = (): void => {
      const { exitCode, failure } = failedOutcome('CANCELLED');
      run.end({ exitCode, ...(failure === undefined ? {} : { failure }) });
    };
    if (this.heedsAbort) signal.addEventListener('abort', cancelled, { once: true });
    this.running += 1;
    this.mostRunning = Math.max(this.mostRunning, this.running);
    this.runs.push(run);
    sink.running();
    this.auto?.(run);
    try {
      return await promise;
    } finally {
      this.running -= 1;
    }
  }
}
