/**
 * What a runtime puts into a sandbox process. `serve(guest)` (serve.ts) owns the pipe; the guest owns the
 * program. Wasm answers synchronously; a runtime that must await (Python) returns promises.
 * This file runs inside the sandbox: no imports but relative ones without dependencies.
 */
import type { GuestFailure, RunLimits } from './protocol.ts';

/** What the agent gave the process on its command line; see `startDataOf` in serve.ts. */
export interface StartData {
  /** Name → path as this process sees it of what the recipe prepared (a memory snapshot, a library folder). */
  readonly files: Readonly<Record<string, string>>;
}

export interface GuestModule {
  /** Names these bytes, for this memory size, in this process. */
  readonly id: string;
  /** The module's name in messages. */
  readonly name: string;
  readonly memoryBytes: number;
  /** Whether its runs must be the same on every machine. A module is loaded for one or the other. */
  readonly isStrict: boolean;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface GuestTask {
  /** Id of a module that loaded without failure. */
  readonly id: string;
  /** argv[0] of the program and its name in messages. */
  readonly name: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly seed: string;
  readonly isStrict: boolean;
  readonly memoryBytes: number;
  readonly stdin: Uint8Array;
  /** Guest path → content; relative paths start in the working directory. */
  readonly inputs: ReadonlyMap<string, Uint8Array>;
  /** Guest files or directories to hand back through `io.file` when the program ended, whatever its exit code. */
  readonly outputs: readonly string[];
  readonly limits: RunLimits;
}

export interface GuestIo {
  /** Call exactly once, right before the first instruction of the program: the timeout counts from here. */
  running(): void;
  /**
   * Sends bytes of a stream; small pieces are gathered, `flush` and the end of the run send them.
   * Over `limits.streamBytes` it reports OUTPUT_LIMIT and ends the process: it does not return.
   */
  output(stream: 'stdout' | 'stderr', bytes: Uint8Array): void;
  /** Sends what `output` gathered; call before the program waits (sleep, read) so that people see its words. */
  flush(): void;
  /** Hands one output file back, whole. Over `limits` it reports DISK_LIMIT and ends the process. */
  file(path: string, bytes: Uint8Array): void;
}

/** `failure` is absent exactly when `exitCode` is 0; only EXIT_CODE uses the program's own code. */
export interface GuestEnd {
  readonly exitCode: number;
  readonly failure?: GuestFailure;
  readonly peakMemoryBytes: number;
  /** Units burnt, where the runtime counts them. */
  readonly fuel?: number;
}

export interface Guest {
  /** Checks and prepares a module (compile, parse). A failure is the end of every run of it. */
  load(module: GuestModule): GuestFailure | undefined | Promise<GuestFailure | undefined>;
  forget(id: string): void;
  /** Runs a loaded module once, in a state no earlier run touched. Must not throw for what the program does. */
  run(task: GuestTask, io: GuestIo): GuestEnd | Promise<GuestEnd>;
  /** Called after the end of a run was sent: the moment to clean up, for nobody waits. */
  rest?(): void;
}
