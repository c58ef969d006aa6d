import { type Clock, errorMessage, formatDuration, formatSize } from '@fog/kernel';
import { type FailureCode, FAILURES, MAX_STREAM_BYTES } from '@fog/wire';
import type { RunEnd, RunRequest, RunSink } from './ports.ts';
import type { SandboxRecipe } from './recipe.ts';
import type { ProcessListener, SandboxProcess } from './sandbox-process.ts';
import type { AnswerFrame, EndFrame } from './sandbox/protocol.ts';
import { fromBase64 } from './sandbox/protocol.ts';
import { MAX_DISK_BYTES, RUN_LIMITS } from './stage.ts';

/** Sending module and files may not take longer: a gigabyte takes half a minute, so the process has stopped reading. */
const STAGING_TIMEOUT_MS = 300_000;
/** Loading a module may not take longer: compilers for WebAssembly run at tens of megabytes a second. */
const LOAD_TIMEOUT_MS = 30_000;

type Phase = 'staging' | 'loading' | 'running' | 'ended';

/**
 * One task on one process, from the first staged byte to the end. The process is untrusted: order, sizes and
 * paths of its answers are checked here, and the limits it should keep are kept here again.
 */
export class RunningTask implements ProcessListener {
  readonly #process: SandboxProcess;
  readonly #request: RunRequest;
  readonly #recipe: SandboxRecipe;
  readonly #sink: RunSink;
  readonly #clock: Clock;
  readonly #settle: (end: RunEnd) => void;
  readonly #reject: (error: unknown) => void;
  readonly ended: Promise<RunEnd>;
  #phase: Phase = 'staging';
  #phaseAtMs: number;
  #peakResidentBytes = 0;
  #cpuAtStartMs = 0;
  #sampledCpuMs = 0;
  readonly #sentBytes = { stdout: 0, stderr: 0, files: 0 };
  #files = 0;
  #lastFile = '';
  #peakMemoryBytes = 0;
  #fuel: number | undefined;

  constructor(
    parts: { readonly process: SandboxProcess; readonly recipe: SandboxRecipe },
    request: RunRequest,
    sink: RunSink,
    clock: Clock,
  ) {
    this.#process = parts.process;
    this.#recipe = parts.recipe;
    this.#request = request;
    this.#sink = sink;
    this.#clock = clock;
    this.#phaseAtMs = clock.monotonicMs();
    const { promise, resolve, reject } = Promise.withResolvers<RunEnd>();
    this.ended = promise;
    this.#settle = resolve;
    this.#reject = reject;
    this.#process.listen(this);
  }

  /** Everything was sent: the process has LOAD_TIMEOUT_MS to start the program. */
  staged(): void {
    if (this.#phase === 'staging') this.#enter('loading');
  }

  /** Called every SAMPLE_MS: limits that only the agent can keep. */
  check(): void {
    const elapsedMs = this.#clock.monotonicMs() - this.#phaseAtMs;
    if (this.#phase === 'running' && elapsedMs >= this.#request.timeoutMs) {
      const limit = formatDuration(this.#request.timeoutMs);
      return this.stop('TIMEOUT', `the program did not end within ${limit} (--timeout)`);
    }
    if (this.#phase === 'staging' && elapsedMs >= STAGING_TIMEOUT_MS) {
      const limit = formatDuration(STAGING_TIMEOUT_MS);
      return this.stop('STAGING', `the sandbox did not take the job's data within ${limit}`);
    }
    if (this.#phase === 'loading' && elapsedMs >= LOAD_TIMEOUT_MS) {
      const limit = formatDuration(LOAD_TIMEOUT_MS);
      return this.stop('REFUSED', `${this.#request.moduleName} takes over ${limit} to compile`);
    }
    this.#checkMemory();
  }

  /** Ends the task with this failure and its process with it. */
  stop(code: FailureCode, message: string): void {
    if (this.#phase === 'ended') return;
    this.#end(code, message);
    this.#process.kill().catch(() => {});
  }

  answer(frame: AnswerFrame): void {
    try {
      const problem = this.#accept(frame);
      if (problem !== undefined) this.#process.distrust(problem);
    } catch (error) {
      // The sink failed (a full disk, say): not the task's fault, and not to be swallowed.
      this.#phase = 'ended';
      this.#process.kill().catch(() => {});
      this.#reject(error);
    }
  }

  gone(): void {
    if (this.#phase === 'ended') return;
    if (/out of memory/i.test(this.#process.lastWords)) {
      const limit = formatSize(this.#request.memoryBytes);
      this.#end('MEMORY_LIMIT', `the program ran out of memory (limit ${limit}; raise --memory)`);
      return;
    }
    const why = this.#process.problem === undefined ? '' : ` (${this.#process.problem})`;
    this.#end('SANDBOX_LOST', `${FAILURES.SANDBOX_LOST.text}${why}`);
  }

  /** Staging could not read what the agent had fetched. */
  stagingFailed(error: unknown): void {
    this.stop('STAGING', `${FAILURES.STAGING.text}: ${errorMessage(error)}`);
  }

  #accept(frame: AnswerFrame): string | undefined {
    if (this.#phase === 'ended') return undefined;
    switch (frame.type) {
      case 'ready':
        return 'a second ready frame';
      case 'running':
        return this.#acceptRunning();
      case 'output':
        return this.#acceptOutput(frame.stream, fromBase64(frame.data));
      case 'file':
        return this.#acceptFile(frame.path, fromBase64(frame.data));
      case 'end':
        return this.#acceptEnd(frame);
      default:
        return 'an unknown frame';
    }
  }

  #acceptRunning(): string | undefined {
    // A process that is faster than our own bookkeeping may start before `staged()` is called.
    if (this.#phase === 'running') return 'a second running frame';
    this.#enter('running');
    this.#sink.running();
    return undefined;
  }

  #acceptOutput(stream: 'stdout' | 'stderr', bytes: Uint8Array): string | undefined {
    if (this.#phase !== 'running') return 'output before the program started';
    this.#sentBytes[stream] += bytes.length;
    if (this.#sentBytes[stream] > MAX_STREAM_BYTES) return 'more output than the limit';
    this.#sink.output(stream, bytes);
    return undefined;
  }

  #acceptFile(path: string, bytes: Uint8Array): string | undefined {
    if (this.#phase !== 'running') return 'a file before the program started';
    const isAsked = this.#request.outputs.some((asked) => {
      const clean = asked.replace(/\/+$/, '');
      return path === clean || path.startsWith(`${clean}/`);
    });
    if (!isAsked) return 'a file nobody asked for';
    if (path !== this.#lastFile) this.#files += 1;
    this.#lastFile = path;
    this.#sentBytes.files += bytes.length;
    const isOver = this.#files > RUN_LIMITS.outputFiles || this.#sentBytes.files > MAX_DISK_BYTES;
    if (isOver) return 'more files than the limit';
    this.#sink.file(path, bytes);
    return undefined;
  }

  #acceptEnd(frame: EndFrame): string | undefined {
    const { failure } = frame;
    const isRefusal = failure?.code === 'BAD_MODULE' || failure?.code === 'REFUSED';
    if (this.#phase !== 'running' && !isRefusal) return 'an end before the start';
    this.#peakMemoryBytes = frame.peakMemoryBytes;
    this.#fuel = frame.fuel;
    const usage = this.#usage(frame.cpuMs);
    this.#phase = 'ended';
    this.#process.listen(undefined);
    if (failure === undefined) {
      this.#settle({ exitCode: 0, usage });
      return undefined;
    }
    const row = FAILURES[failure.code];
    const exitCode = failure.code === 'EXIT_CODE' ? frame.exitCode : row.exitCode;
    this.#settle({
      exitCode,
      failure: { class: row.class, code: failure.code, message: failure.message },
      usage,
    });
    return undefined;
  }

  #checkMemory(): void {
    if (this.#phase !== 'running' && this.#phase !== 'loading') return;
    const sample = this.#process.sample();
    if (sample === undefined) return;
    this.#sampledCpuMs = sample.cpuMs;
    if (this.#cpuAtStartMs === 0) this.#cpuAtStartMs = sample.cpuMs;
    this.#peakResidentBytes = Math.max(this.#peakResidentBytes, sample.residentBytes);
    const limit = this.#recipe.residentAllowanceBytes + this.#request.memoryBytes;
    if (sample.residentBytes <= limit) return;
    const shown = formatSize(this.#request.memoryBytes);
    this.stop('MEMORY_LIMIT', `the program used more than its ${shown} of memory (--memory)`);
  }

  #end(code: FailureCode, message: string): void {
    const row = FAILURES[code];
    const usage = this.#usage(0);
    this.#phase = 'ended';
    this.#process.listen(undefined);
    this.#settle({
      exitCode: row.exitCode,
      failure: { class: row.class, code, message },
      usage,
    });
  }

  /** Times are the agent's own; what the process says of its processor time counts inside of what can be true. */
  #usage(claimedCpuMs: number): RunEnd['usage'] {
    const hasRun = this.#phase === 'running';
    const wallMs = hasRun ? this.#clock.monotonicMs() - this.#phaseAtMs : 0;
    const sampledMs = Math.max(0, this.#sampledCpuMs - this.#cpuAtStartMs);
    return {
      wallMs,
      cpuMs: Math.max(sampledMs, Math.min(claimedCpuMs, wallMs)),
      peakMemoryBytes: Math.max(this.#peakMemoryBytes, this.#peakResidentBytes),
      ...(this.#fuel === undefined ? {} : { fuel: this.#fuel }),
    };
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    this.#phaseAtMs = this.#clock.monotonicMs();
  }
}
