import type { Clock } from '@fog/kernel';
import { fail } from './errors.ts';
import { PooledProcess } from './pooled-process.ts';
import type { SandboxRecipe } from './recipe.ts';
import type { SandboxProcess } from './sandbox-process.ts';

/** Idle processes give their memory back to the device's owner after this. */
const MAX_IDLE_MS = 60_000;

/** The least memory class; most jobs share one and so share processes. */
const LEAST_CLASS_BYTES = 512 * 2 ** 20;

export type StartProcess = (
  recipe: SandboxRecipe,
  memoryBytes: number,
  signal: AbortSignal,
) => Promise<SandboxProcess>;

/**
 * Sandbox processes, busy, warm and spare. At most `slots` are busy, and at most `slots` are alive beside one
 * spare of each runtime that never reuses.
 */
export class ProcessPool {
  readonly #slots: number;
  readonly #start: StartProcess;
  readonly #clock: Clock;
  readonly #idle = new Set<PooledProcess>();
  readonly #busy = new Set<PooledProcess>();
  readonly #ending = new Set<Promise<void>>();
  readonly #waiting: (() => void)[] = [];
  readonly #stopping = new AbortController();
  #taken = 0;

  constructor(slots: number, start: StartProcess, clock: Clock) {
    this.#slots = slots;
    this.#start = start;
    this.#clock = clock;
  }

  /** A process for one task, warm if the same owner left one. Waits while all slots are taken. */
  async acquire(
    recipe: SandboxRecipe,
    owner: string,
    jobMemoryBytes: number,
    signal: AbortSignal,
  ): Promise<PooledProcess> {
    await this.#slot(signal);
    try {
      const memoryBytes = memoryClass(jobMemoryBytes);
      const warm = this.#findIdle(recipe, owner, memoryBytes);
      const pooled = warm ?? (await this.#fresh(recipe, memoryBytes, signal));
      this.#idle.delete(pooled);
      pooled.owner = owner;
      this.#busy.add(pooled);
      return pooled;
    } catch (error) {
      this.#freeSlot();
      throw error;
    }
  }

  /** Gives a process back; `isSound` is false after any fault. */
  release(pooled: PooledProcess, isSound: boolean): void {
    this.#busy.delete(pooled);
    if (isSound && pooled.countRun() && !this.#stopping.signal.aborted) this.#keep(pooled);
    else this.#end(pooled);
    this.#freeSlot();
    if (pooled.recipe.reuse === 'never') this.#makeSpare(pooled.recipe, pooled.memoryBytes);
  }

  /** An idle process of the runtime, taken out of the pool until it is released. */
  takeIdle(recipe: SandboxRecipe): PooledProcess | undefined {
    for (const pooled of this.#idle) {
      if (pooled.recipe !== recipe || pooled.process.isGone) continue;
      this.#idle.delete(pooled);
      return pooled;
    }
    return undefined;
  }

  /** The counterpart of `takeIdle`. */
  putBack(pooled: PooledProcess, isSound: boolean): void {
    if (isSound && !this.#stopping.signal.aborted) this.#keep(pooled);
    else this.#end(pooled);
  }

  /** Ends processes that were idle for long. Called every now and then. */
  trim(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const pooled of this.#idle) {
      const isOld = nowMs - pooled.idleSinceMs > MAX_IDLE_MS;
      if (isOld || pooled.process.isGone) this.#end(pooled);
    }
  }

  /** Ends every process and settles when all are gone. */
  async stop(): Promise<void> {
    this.#stopping.abort(fail('RUNTIME_STOPPED'));
    for (const wake of this.#waiting.splice(0)) wake();
    for (const pooled of [...this.#idle, ...this.#busy]) this.#end(pooled);
    while (this.#ending.size > 0) await Promise.all(this.#ending);
  }

  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  #findIdle(recipe: SandboxRecipe, owner: string, memoryBytes: number): PooledProcess | undefined {
    let unowned: PooledProcess | undefined;
    for (const pooled of this.#idle) {
      if (!pooled.fits(recipe, owner, memoryBytes)) continue;
      if (pooled.owner === owner) return pooled;
      unowned = pooled;
    }
    return unowned;
  }

  async #fresh(
    recipe: SandboxRecipe,
    memoryBytes: number,
    signal: AbortSignal,
  ): Promise<PooledProcess> {
    // A place for it: the idle process that waited longest goes.
    if (this.#idle.size + this.#busy.size >= this.#slots) {
      const [oldest] = this.#idle;
      if (oldest !== undefined) this.#end(oldest);
    }
    const process = await this.#start(recipe, memoryBytes, AbortSignal.any([signal, this.signal]));
    return new PooledProcess(process, recipe, memoryBytes);
  }

  /** A runtime whose processes serve once keeps one ready for the next task. */
  #makeSpare(recipe: SandboxRecipe, memoryBytes: number): void {
    const hasSpare = this.#idle.values().some((pooled) => pooled.recipe === recipe);
    if (hasSpare || this.signal.aborted) return;
    const making = this.#start(recipe, memoryBytes, this.signal).then(
      (process) => this.putBack(new PooledProcess(process, recipe, memoryBytes), true),
      // A spare is a convenience: the next task starts its own process and reports why it cannot.
      () => {},
    );
    this.#track(making);
  }

  #keep(pooled: PooledProcess): void {
    pooled.idleSinceMs = this.#clock.monotonicMs();
    this.#idle.add(pooled);
  }

  #end(pooled: PooledProcess): void {
    this.#idle.delete(pooled);
    this.#track(pooled.process.kill());
  }

  #track(ending: Promise<void>): void {
    const tracked = ending.finally(() => this.#ending.delete(tracked));
    this.#ending.add(tracked);
  }

  async #slot(signal: AbortSignal): Promise<void> {
    while (this.#taken >= this.#slots && !this.signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const abort = (): void => {
        // A slot that is freed must wake somebody who still wants it.
        const place = this.#waiting.indexOf(resolve);
        if (place >= 0) this.#waiting.splice(place, 1);
        resolve();
      };
      this.#waiting.push(resolve);
      signal.addEventListener('abort', abort, { once: true });
      await promise;
      signal.removeEventListener('abort', abort);
      signal.throwIfAborted();
    }
    this.signal.throwIfAborted();
    signal.throwIfAborted();
    this.#taken += 1;
  }

  #freeSlot(): void {
    this.#taken -= 1;
    this.#waiting.shift()?.();
  }
}

/** Memory a process is started for: powers of two from 512 MiB, so that jobs of like size share processes. */
export function memoryClass(memoryBytes: number): number {
  let size = LEAST_CLASS_BYTES;
  while (size < memoryBytes) size *= 2;
  return size;
}
