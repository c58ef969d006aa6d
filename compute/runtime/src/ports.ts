/** What the agent asks of a runtime, and what it gets back. */
import type { Determinism, Failure, RuntimeName, SandboxLevel, Usage } from '@fog/wire';
import type { Health } from '@fog/kernel';

/** A file of the guest's view, read from a file on this machine while the task is staged. */
export interface StagedFile {
  /** Guest path; relative ones start in the working directory. */
  readonly path: string;
  readonly hostPath: string;
}

export interface RunRequest {
  /** Account the task belongs to. A warm sandbox process serves one account only. */
  readonly owner: string;
  readonly runtime: RuntimeName;
  readonly module: { readonly content: string; readonly hostPath: string };
  /** argv[0] of the program and the module's name in messages. */
  readonly moduleName: string;
  readonly args: readonly string[];
  /** The whole environment of the program, FOG_* included. */
  readonly env: Readonly<Record<string, string>>;
  /** Seeds what the guest may see as random where a runtime freezes it (Python's snapshot): `job/index`. */
  readonly seed: string;
  readonly stdinHostPath?: string;
  readonly inputs: readonly StagedFile[];
  /** Guest files or directories to hand back. */
  readonly outputs: readonly string[];
  readonly memoryBytes: number;
  /** Counts from the moment the program starts; infinite for a service. */
  readonly timeoutMs: number;
  /** `strict`: output, exit code and fuel follow from this request and the runtime's version alone. Default `none`. */
  readonly determinism?: Determinism;
  /** Units a strict wasm program may burn; without it, as many as it has time for. */
  readonly fuelLimit?: number;
}

/** Receives what the program produces, in order, while it runs. Calls are synchronous: they are the back-pressure. */
export interface RunSink {
  /** Staging ended, the program starts. */
  running(): void;
  output(stream: 'stdout' | 'stderr', chunk: Uint8Array): void;
  /** Chunks of one output file in order, one file after another; an empty file comes as one empty chunk. */
  file(path: string, chunk: Uint8Array): void;
}

/** How a run ended. `usage.fuel` is there where it was counted: strict wasm that ended by itself. `failure` is absent exactly when `exitCode` is 0. */
export interface RunEnd {
  readonly exitCode: number;
  readonly failure?: Failure;
  readonly usage: Usage;
}

export interface Runtime {
  /** Probes the machine; after it `level` and `runtimes` are true. */
  start(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
  readonly level: SandboxLevel;
  /** Why the level is not `os`, with the remedy; undefined when it is. */
  readonly levelReason: string | undefined;
  readonly runtimes: readonly RuntimeName[];
  /** Names all that a strict result depends on beside the request, by runtime: equal versions give equal bytes. */
  readonly versions?: Readonly<Partial<Record<RuntimeName, string>>>;
  /**
   * Runs one task in a sandbox process. Never throws for what the guest does: that is a RunEnd.
   * Aborting `signal` kills the process and ends with CANCELLED. At most `slots` runs at once.
   */
  run(request: RunRequest, sink: RunSink, signal: AbortSignal): Promise<RunEnd>;
  health(signal: AbortSignal): Promise<Health>;
}
