import type { RuntimeName } from '@fog/wire';

/** How the agent makes and treats the sandbox processes of one runtime. */
export interface SandboxRecipe {
  readonly runtime: RuntimeName;
  /** Names everything that a strict run's result depends on beside the request; at most 64 characters. */
  readonly version: string;
  /** Source file under `src/sandbox` that calls `serve(guest)`; its relative imports travel with it. */
  readonly entry: string;
  /** Flags of the Node binary at either level. */
  readonly nodeFlags: readonly string[];
  /** Whether the process works under `node --permission`; used at level `process`. */
  readonly permission: boolean;
  /** `same-owner`: a process that ended a run well serves that owner again. `never`: one process, one task, one spare. */
  readonly reuse: 'same-owner' | 'never';
  /** Resident memory of the process beside the program's own; more than this plus the job's memory is MEMORY_LIMIT. */
  readonly residentAllowanceBytes: number;
  /** Writable private memory (RLIMIT_DATA) beside the job's: code range, stacks, heaps as V8 reserves them. */
  readonly dataAllowanceBytes: number;
  /** Whole address space (RLIMIT_AS): V8 reserves guard regions of gigabytes that cost nothing. */
  readonly addressSpaceBytes: number;
  /** Longest time from spawn to `ready`. */
  readonly startTimeoutMs: number;
  /** Called before the first process of the runtime, and again after a failure. */
  prepare(context: PrepareContext, signal: AbortSignal): Promise<PreparedFiles>;
}

/** Name → file or folder on this machine the process may read; it finds them by name in `StartData.files`. */
export type PreparedFiles = Readonly<Record<string, string>>;

export interface PrepareContext {
  /** Private folder of this runtime under the data dir, made with mode 0700. */
  readonly dataDir: string;
  /**
   * Runs another entry once in a sandbox process of the same level and flags, with an empty module and task, and
   * gives back the one file it handed over by `io.file`. A memory snapshot is made this way, never in the agent.
   */
  build(entry: string, files: PreparedFiles, signal: AbortSignal): Promise<Uint8Array>;
}
