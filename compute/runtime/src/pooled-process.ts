import type { RunRequest } from './ports.ts';
import type { SandboxRecipe } from './recipe.ts';
import type { SandboxProcess } from './sandbox-process.ts';

/** Loaded modules of one process: enough for a user who alternates between programs. */
const MAX_MODULES = 8;
/** Their bytes together; V8's code takes a multiple. */
const MAX_MODULE_CACHE_BYTES = 16 * 2 ** 20;
/** Runs after which a process is replaced: whatever leaks, leaks this long. A new process costs as much as 300 empty runs. */
const MAX_RUNS = 5_000;

/** A sandbox process with what the pool must remember of it. */
export class PooledProcess {
  readonly process: SandboxProcess;
  readonly recipe: SandboxRecipe;
  readonly memoryBytes: number;
  /** Account it has served; undefined while it has served none. */
  owner: string | undefined;
  idleSinceMs = 0;
  #runs = 0;
  readonly #modules = new Map<string, number>();

  constructor(process: SandboxProcess, recipe: SandboxRecipe, memoryBytes: number) {
    this.process = process;
    this.recipe = recipe;
    this.memoryBytes = memoryBytes;
  }

  /** Whether the process may run a task of this owner, warm or fresh. */
  fits(recipe: SandboxRecipe, owner: string | undefined, memoryBytes: number): boolean {
    if (this.process.isGone || this.recipe !== recipe || this.memoryBytes !== memoryBytes) {
      return false;
    }
    return this.owner === undefined || owner === undefined || this.owner === owner;
  }

  has(id: string): boolean {
    return this.#modules.has(id);
  }

  /** Makes room for a module that is about to be loaded; the oldest go first. */
  willLoad(id: string): void {
    for (const old of this.#modules.keys()) {
      if (this.#modules.size < MAX_MODULES && this.#cacheBytes() < MAX_MODULE_CACHE_BYTES) break;
      this.#modules.delete(old);
      this.process.send({ type: 'forget', id: old });
    }
    this.#modules.set(id, 0);
  }

  loaded(id: string, sizeBytes: number): void {
    this.#modules.set(id, sizeBytes);
  }

  /** Whether it may serve again after a run that ended well. */
  countRun(): boolean {
    this.#runs += 1;
    return this.recipe.reuse === 'same-owner' && this.#runs < MAX_RUNS && !this.process.isGone;
  }

  #cacheBytes(): number {
    return this.#modules.values().reduce((sum, sizeBytes) => sum + sizeBytes, 0);
  }
}

/** Names a module in a process: its bytes, the memory that was patched into them, and how it was instrumented. */
export function moduleId({ module, memoryBytes, determinism }: RunRequest): string {
  return `${module.content}/${memoryBytes}/${determinism ?? 'none'}`;
}
