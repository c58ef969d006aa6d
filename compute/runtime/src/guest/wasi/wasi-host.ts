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
import { cString, GuestMemory } from './guest-memory.ts';
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

/** What the calls share. */
export interface WasiContext {
  readonly deps: WasiDeps;
  readonly tree: FileTree;
  readonly descriptors: DescriptorTable;
  /** The guest's memory; set before its first instruction. */
  readonly memory: () => GuestMemory;
}

export interface WasiHost {
  readonly imports: Record<string, unknown>;
  readonly tree: FileTree;
  bind(memory: WasmMemory): void;
}

/** Throws WasiError ENOSPC when the inputs alone exceed the quota. */
export function createWasiHost(options: WasiOptions, deps: WasiDeps): WasiHost {
  const tree = new FileTree(options.quota, () => deps.realtimeNs());
  for (const [path, content] of options.inputs) tree.mount(path, content);
  let memory: GuestMemory | undefined;
  const context: WasiContext = {
    deps,
    tree,
    descriptors: new DescriptorTable(tree.root, options.stdin),
    memory: () => {
      // A start function may call before the exports exist.
      if (memory === undefined) throw new WasiError(Errno.FAULT);
      return memory;
    },
  };
  const calls: WasiCalls = {
    ...processCalls(options, context),
    ...fdCalls(context),
    ...fdStatCalls(context),
    ...pathCalls(context),
    ...pollCalls(context),
  };
  const imports: Record<string, unknown> = {};
  for (const [name, call] of Object.entries(calls)) imports[name] = guarded(call);
  return {
    imports,
    tree,
    bind: (exported) => {
      memory = new GuestMemory(exported);
    },
  };
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

function processCalls(options: WasiOptions, { deps, memory }: WasiContext): WasiCalls {
  const args = options.args.map(cString);
  const environment = Object.entries(options.env).map(([name, value]) =>
    cString(`${name}=${value}`),
  );
  const sizes = (strings: readonly Uint8Array[]) => (count: number, size: number) => {
    memory().setU32(count, strings.length);
    memory().setU32(
      size,
      strings.reduce((sum, bytes) => sum + bytes.length, 0),
    );
  };
  return {
    args_sizes_get: sizes(args),
    args_get: (pointers: number, buffer: number) => memory().setStrings(args, pointers, buffer),
    environ_sizes_get: sizes(environment),
    environ_get: (pointers: number, buffer: number) =>
      memory().setStrings(environment, pointers, buffer),
    random_get: (pointer: number, sizeBytes: number) =>
      deps.fillRandom(memory().slice(pointer, sizeBytes)),
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
