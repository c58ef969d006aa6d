import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Clock, errorMessage, type Health, type Logger } from '@fog/kernel';
import { FAILURES, type FailureCode, type RuntimeName, type SandboxLevel } from '@fog/wire';
import { fail } from './errors.ts';
import { HEALTH_MODULE, healthRequest, healthSink } from './health-module.ts';
import { findHostTools } from './host-tools.ts';
import { chooseLevel } from './level.ts';
import type { RuntimeOptions } from './options.ts';
import { moduleId, PooledProcess } from './pooled-process.ts';
import type { RunEnd, RunRequest, RunSink, Runtime } from './ports.ts';
import { Preparation } from './preparation.ts';
import { memoryClass, ProcessPool } from './process-pool.ts';
import type { SandboxRecipe } from './recipe.ts';
import { RECIPES } from './recipes.ts';
import { RunningTask } from './run-task.ts';
import type { SandboxProcess } from './sandbox-process.ts';
import { sendRun, stageFiles, stageModule } from './stage.ts';
import { startProcess } from './start-process.ts';
import { wasmRecipe } from './wasm/recipe.ts';

/** How often limits are checked: memory that a program takes faster than this is bounded by the kernel's limits. */
const SAMPLE_MS = 100;

export interface RuntimeDeps {
  readonly clock: Clock;
  readonly logger: Logger;
}

export function createRuntime(options: RuntimeOptions, deps: RuntimeDeps): Runtime {
  return new SandboxRuntime(options, deps);
}

class SandboxRuntime implements Runtime {
  readonly #options: RuntimeOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #pool: ProcessPool;
  readonly #tasks = new Set<RunningTask>();
  readonly #healthPath: string;
  #preparation: Preparation | undefined;
  #level: SandboxLevel = 'process';
  #levelReason: string | undefined = 'the runtime is not started';
  #cancelChecks: (() => void) | undefined;

  constructor(options: RuntimeOptions, { clock, logger }: RuntimeDeps) {
    this.#options = options;
    this.#clock = clock;
    this.#logger = logger;
    this.#healthPath = path.join(options.dataDir, 'health.wasm');
    const start = (recipe: SandboxRecipe, memoryBytes: number, signal: AbortSignal) =>
      this.#startProcess(recipe, this.#level, memoryBytes, signal);
    this.#pool = new ProcessPool(options.slots, start, clock);
  }

  get level(): SandboxLevel {
    return this.#level;
  }

  get levelReason(): string | undefined {
    return this.#levelReason;
  }

  get runtimes(): readonly RuntimeName[] {
    return Object.values(RECIPES).map((recipe) => recipe.runtime);
  }

  get versions(): Readonly<Partial<Record<RuntimeName, string>>> {
    const recipes = Object.values(RECIPES);
    return Object.fromEntries(recipes.map(({ runtime, version }) => [runtime, version]));
  }

  async start(signal: AbortSignal): Promise<void> {
    const { dataDir, level: wanted } = this.#options;
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await writeFile(this.#healthPath, HEALTH_MODULE);
    const tools = await findHostTools(dataDir);
    this.#preparation = new Preparation(dataDir, tools, this.#clock);
    this.#cancelChecks = this.#clock.every(SAMPLE_MS, () => this.#check());
    const probe = (level: SandboxLevel) => this.#probe(level, signal);
    const { level, reason } = await chooseLevel(wanted, tools, probe);
    this.#level = level;
    this.#levelReason = reason;
    this.#logger.info('sandbox ready', { level, reason, limits: tools.prlimit !== undefined });
  }

  async stop(): Promise<void> {
    for (const task of this.#tasks) task.stop('CANCELLED', 'the runtime was stopped');
    await Promise.all([this.#pool.stop(), this.#preparation?.stop()]);
    this.#cancelChecks?.();
  }

  async run(request: RunRequest, sink: RunSink, signal: AbortSignal): Promise<RunEnd> {
    const recipe = RECIPES[request.runtime];
    if (recipe === undefined)
      return failedEnd('NODE_REFUSED', `no runtime ${request.runtime} here`);
    let pooled: PooledProcess;
    try {
      pooled = await this.#pool.acquire(recipe, request.owner, request.memoryBytes, signal);
    } catch (error) {
      if (this.#pool.signal.aborted) throw fail('RUNTIME_STOPPED', { cause: error });
      if (signal.aborted) return failedEnd('CANCELLED', FAILURES.CANCELLED.text);
      return failedEnd('NODE_REFUSED', errorMessage(error));
    }
    let isSound = false;
    try {
      const end = await this.#runOn(pooled, request, sink, signal);
      isSound = isSoundEnd(end);
      return end;
    } finally {
      if (pooled.process.problem !== undefined) {
        this.#logger.warn('sandbox broke its protocol', { problem: pooled.process.problem });
      }
      this.#pool.release(pooled, isSound);
    }
  }

  async health(signal: AbortSignal): Promise<Health> {
    try {
      const pooled = this.#pool.takeIdle(wasmRecipe) ?? (await this.#freshForHealth(signal));
      await this.#runHealthModule(pooled, signal);
    } catch (error) {
      return { state: 'unhealthy', detail: `no program runs here: ${errorMessage(error)}` };
    }
    if (this.#level === 'os') return { state: 'healthy' };
    return { state: 'degraded', detail: `sandbox level "process": ${this.#levelReason}` };
  }

  /** Runs the built-in module at a level; its process stays as the first warm one. */
  async #probe(level: SandboxLevel, signal: AbortSignal): Promise<void> {
    const memoryBytes = memoryClass(0);
    const sandbox = await this.#startProcess(wasmRecipe, level, memoryBytes, signal);
    await this.#runHealthModule(new PooledProcess(sandbox, wasmRecipe, memoryBytes), signal);
  }

  async #freshForHealth(signal: AbortSignal): Promise<PooledProcess> {
    const memoryBytes = memoryClass(0);
    const sandbox = await this.#startProcess(wasmRecipe, this.#level, memoryBytes, signal);
    return new PooledProcess(sandbox, wasmRecipe, memoryBytes);
  }

  async #runHealthModule(pooled: PooledProcess, signal: AbortSignal): Promise<void> {
    const sink = healthSink();
    const request = healthRequest(this.#healthPath);
    const end = await this.#runOn(pooled, request, sink, signal);
    const isSound = end.exitCode === 0 && sink.text() === 'ok\n';
    this.#pool.putBack(pooled, isSound);
    if (isSound) return;
    const why = end.failure?.message ?? 'a wrong answer';
    throw fail('RUNTIME_PROBE', { message: `A program in the sandbox failed: ${why}` });
  }

  async #startProcess(
    recipe: SandboxRecipe,
    level: SandboxLevel,
    memoryBytes: number,
    signal: AbortSignal,
  ): Promise<SandboxProcess> {
    if (this.#preparation === undefined) throw fail('RUNTIME_STOPPED');
    const plan = await this.#preparation.plan(recipe, level, memoryBytes, signal);
    return startProcess(plan, this.#clock, signal);
  }

  async #runOn(
    pooled: PooledProcess,
    request: RunRequest,
    sink: RunSink,
    signal: AbortSignal,
  ): Promise<RunEnd> {
    const task = new RunningTask(pooled, request, sink, this.#clock);
    const cancel = (): void => task.stop('CANCELLED', FAILURES.CANCELLED.text);
    this.#tasks.add(task);
    signal.addEventListener('abort', cancel, { once: true });
    if (signal.aborted) cancel();
    try {
      const staging = stage(pooled, request);
      if (staging !== undefined) await staging;
      sendRun(pooled.process, request, moduleId(request));
      task.staged();
    } catch (error) {
      task.stagingFailed(error);
    }
    try {
      return await task.ended;
    } finally {
      this.#tasks.delete(task);
      signal.removeEventListener('abort', cancel);
    }
  }

  #check(): void {
    for (const task of this.#tasks) task.check();
    this.#pool.trim();
  }
}

/** Sends module and files where needed; undefined when the process has all it needs. */
function stage(pooled: PooledProcess, request: RunRequest): Promise<void> | undefined {
  const id = moduleId(request);
  if (pooled.has(id)) return stageFiles(pooled.process, request);
  return stageAll(pooled, request, id);
}

async function stageAll(pooled: PooledProcess, request: RunRequest, id: string): Promise<void> {
  pooled.willLoad(id);
  pooled.loaded(id, await stageModule(pooled.process, request, id));
  await stageFiles(pooled.process, request);
}

/** Ends of a program after which its process is as good as before. */
const SOUND_FAILURES: ReadonlySet<FailureCode> = new Set([
  'EXIT_CODE',
  'TRAP',
  'CALL_DEPTH',
  'FUEL_LIMIT',
  'BAD_MODULE',
]);

/** Whether the process may serve again: it ended the run by itself and nothing was cut short. */
function isSoundEnd({ failure }: RunEnd): boolean {
  if (failure === undefined) return true;
  return SOUND_FAILURES.has(failure.code);
}

function failedEnd(code: FailureCode, message: string): RunEnd {
  const row = FAILURES[code];
  return {
    exitCode: row.exitCode,
    failure: { class: row.class, code, message },
    usage: { wallMs: 0, cpuMs: 0, peakMemoryBytes: 0 },
  };
}
