/**
 * WASI preview 1 in memory: no host file, no socket, no process is reachable through it. It knows bytes, a clock,
 * randomness and a way to wait, all given by the caller, and runs in a browser worker as well.
 * What it does not defend against: side channels by the clock.
 */
import type { WasmMemory } from '../web-assembly.ts';
import { DescriptorTable } from './descriptor.ts';
import { Errno, ProcExit, WasiError } from './errno.ts';
import { fdCalls } from './fd-calls.ts';
import { fdStatCalls } from './fd-stat-calls.ts';
import { FileTree } from './file-tree.ts';
import { cString, GuestMemory, type MemoryPayer } from './guest-memory.ts';
import type { FileQuota } from './inode.ts';
import { pathCalls } from './path-calls.ts';
import { pollCalls } from './poll-calls.ts';
import type { WasiFunctionName } from './signatures.ts';

export interface WasiOptions {
  /** argv, the program's name first. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: Uint8Array;
  /** Guest path → content; the host owns the arrays from now on. */
  readonly inputs: ReadonlyMap<string, Uint8Array>;
  readonly quota: FileQuota;
}

export interface WasiDeps {
  /** A window of guest memory, valid during the call. */
  output(stream: 'stdout' | 'stderr', bytes: Uint8Array): void;
  /** The guest may stay away for a while: a good moment to send what is gathered. */
  idle(): void;
  /** Nanoseconds since the Unix epoch. */
  realtimeNs(): bigint;
  /** Nanoseconds from an arbitrary start; never goes back. */
  monotonicNs(): bigint;
  fillRandom(bytes: Uint8Array<ArrayBuffer>): void;
  /** Blocks the thread. */
  waitMs(durationMs: number): void;
}

/** A guest's result: an i32 for the error number, nothing for proc_exit. */
export type WasiCall = (...args: never[]) => number | void;
export type WasiCalls = Partial<Record<WasiFunctionName, WasiCall>>;

/** What the calls share. The fields change with each run, so calls read them when they are called. */
export interface WasiContext {
  readonly deps: WasiDeps;
  readonly tree: FileTree;
  readonly descriptors: DescriptorTable;
  readonly memory: GuestMemory;
  /** Monotonic time at which the run began. */
  readonly startedNs: bigint;
  readonly args: readonly Uint8Array[];
  readonly environment: readonly Uint8Array[];
}

/**
 * The functions a guest imports. They are made once for many runs, because making them costs more than a small
 * program; everything a guest can see or change is made anew by `begin`.
 */
export class WasiHost implements WasiContext {
  readonly deps: WasiDeps;
  readonly imports: Readonly<Record<string, unknown>>;
  #run: WasiRun | undefined;
  #memory: GuestMemory | undefined;

  constructor(deps: WasiDeps) {
    this.deps = deps;
    const calls: WasiCalls = {
      ...processCalls(this),
      ...fdCalls(this),
      ...fdStatCalls(this),
      ...pathCalls(this),
      ...pollCalls(this),
    };
    const imports: Record<string, unknown> = {};
    for (const [name, call] of Object.entries(calls)) imports[name] = guarded(call);
    this.imports = imports;
  }

  /** Starts a run with nothing left of the last one. Throws WasiError when the inputs do not fit. */
  begin(options: WasiOptions): void {
    this.end();
    const tree = new FileTree(options.quota, () => this.deps.realtimeNs());
    for (const [path, content] of options.inputs) tree.mount(path, content);
    this.#run = {
      startedNs: this.deps.monotonicNs(),
      tree,
      descriptors: new DescriptorTable(tree.root, options.stdin),
      args: options.args.map(cString),
      environment: Object.keys(options.env)
        .sort()
        .map((name) => cString(`${name}=${options.env[name]}`)),
    };
  }

  /** The guest's memory, as soon as it exists. */
  bind(memory: WasmMemory, payer?: MemoryPayer): void {
    this.#memory = new GuestMemory(memory, payer);
  }

  /** Lets go of the run's files and memory. */
  end(): void {
    this.#run = undefined;
    this.#memory = undefined;
  }

  get tree(): FileTree {
    return this.#current.tree;
  }

  get descriptors(): DescriptorTable {
    return this.#current.descriptors;
  }

  get args(): readonly Uint8Array[] {
    return this.#current.args;
  }

  get environment(): readonly Uint8Array[] {
    return this.#current.environment;
  }

  get startedNs(): bigint {
    return this.#current.startedNs;
  }

  get memory(): GuestMemory {
    // A start function may call before the memory is known.
    if (this.#memory === undefined) throw new WasiError(Errno.FAULT);
    return this.#memory;
  }

  get #current(): WasiRun {
    if (this.#run === undefined) throw new WasiError(Errno.BADF);
    return this.#run;
  }
}

interface WasiRun {
  readonly startedNs: bigint;
  readonly tree: FileTree;
  readonly descriptors: DescriptorTable;
  readonly args: readonly Uint8Array[];
  readonly environment: readonly Uint8Array[];
}

/** Turns WasiError into the error number. Anything else passes through: proc_exit, or a mistake of ours. */
function guarded(call: WasiCall): (...args: never[]) => number | void {
  return (...args) => {
    try {
      return call(...args) ?? Errno.SUCCESS;
    } catch (error) {
      if (error instanceof WasiError) return error.errno;
      throw error;
    }
  };
}

function processCalls(context: WasiContext): WasiCalls {
  const { deps } = context;
  const setSizes = (strings: readonly Uint8Array[], count: number, size: number): void => {
    context.memory.setU32(count, strings.length);
    context.memory.setU32(
      size,
      strings.reduce((sum, bytes) => sum + bytes.length, 0),
    );
  };
  return {
    args_sizes_get: (count: number, size: number) => setSizes(context.args, count, size),
    args_get: (pointers: number, buffer: number) =>
      context.memory.setStrings(context.args, pointers, buffer),
    environ_sizes_get: (count: number, size: number) => setSizes(context.environment, count, size),
    environ_get: (pointers: number, buffer: number) =>
      context.memory.setStrings(context.environment, pointers, buffer),
    random_get: (pointer: number, sizeBytes: number) =>
      deps.fillRandom(context.memory.slice(pointer, sizeBytes)),
    proc_exit: (exitCode: number) => {
      throw new ProcExit(exitCode >>> 0);
    },
    proc_raise: () => Errno.NOTSUP,
    sched_yield: () => deps.idle(),
    // There are no sockets to accept from, and no descriptor is one.
    sock_accept: () => Errno.NOTSUP,
    sock_recv: () => Errno.NOTSUP,
    sock_send: () => Errno.NOTSUP,
    sock_shutdown: () => Errno.NOTSUP,
  };
}
