import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '@fog/kernel';
import type { SandboxLevel } from '@fog/wire';
import { buildFile } from './build-file.ts';
import { fail } from './errors.ts';
import type { HostTools } from './host-tools.ts';
import type { LaunchPlan } from './launch.ts';
import { writeProgramFolder } from './program-folder.ts';
import type { PreparedFiles, SandboxRecipe } from './recipe.ts';

/** Makes what the processes of each runtime need, once: translated code, snapshots. */
export class Preparation {
  readonly #dataDir: string;
  readonly #tools: HostTools;
  readonly #clock: Clock;
  readonly #stopping = new AbortController();
  readonly #prepared = new Map<SandboxRecipe, Promise<PreparedFiles>>();

  constructor(dataDir: string, tools: HostTools, clock: Clock) {
    this.#dataDir = dataDir;
    this.#tools = tools;
    this.#clock = clock;
  }

  /**
   * Everything `launch` needs for a process of this runtime. A failure is tried again by the next call. `signal` ends
   * the wait and not the work, which other tasks may be waiting for.
   */
  async plan(
    recipe: SandboxRecipe,
    level: SandboxLevel,
    memoryBytes: number,
    signal: AbortSignal,
  ): Promise<LaunchPlan> {
    let preparing = this.#prepared.get(recipe);
    if (preparing === undefined) {
      preparing = this.#prepare(recipe, level, this.#stopping.signal);
      this.#prepared.set(recipe, preparing);
      preparing.catch(() => this.#prepared.delete(recipe));
    }
    const files = await unlessAborted(preparing, signal);
    return this.#planFor(recipe, level, { entry: recipe.entry, files, memoryBytes });
  }

  /** Ends the work and settles when its processes are gone. */
  async stop(): Promise<void> {
    this.#stopping.abort(fail('RUNTIME_STOPPED'));
    await Promise.allSettled(this.#prepared.values());
  }

  async #prepare(
    recipe: SandboxRecipe,
    level: SandboxLevel,
    signal: AbortSignal,
  ): Promise<PreparedFiles> {
    const dataDir = path.join(this.#dataDir, recipe.runtime);
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await writeProgramFolder(this.#programDir(recipe), recipe.entry);
    const build = async (
      entry: string,
      files: PreparedFiles,
      buildSignal: AbortSignal,
    ): Promise<Uint8Array> => {
      await writeProgramFolder(this.#programDir(recipe), entry);
      const plan = this.#planFor(recipe, level, { entry, files, memoryBytes: BUILD_MEMORY_BYTES });
      return buildFile(plan, this.#clock, buildSignal);
    };
    return recipe.prepare({ dataDir, build }, signal);
  }

  #planFor(
    recipe: SandboxRecipe,
    level: SandboxLevel,
    parts: Pick<LaunchPlan, 'entry' | 'files' | 'memoryBytes'>,
  ): LaunchPlan {
    return { level, tools: this.#tools, programDir: this.#programDir(recipe), recipe, ...parts };
  }

  #programDir(recipe: SandboxRecipe): string {
    return path.join(this.#dataDir, recipe.runtime, 'program');
  }
}

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Memory of a process that prepares something; what it makes is trusted code's. */
const BUILD_MEMORY_BYTES = 512 * 2 ** 20;
