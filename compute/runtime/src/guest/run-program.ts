/** Runs one admitted module once: a fresh instance, a fresh file tree, and a verdict on how it ended. */
import { mebibytes, PAGE_BYTES } from './pages.ts';
import { Errno, ProcExit, WasiError } from './wasi/errno.ts';
import { WASI_MODULE } from './wasi/signatures.ts';
import type { WasiHost, WasiOptions } from './wasi/wasi-host.ts';
import { webAssembly, type WasmMemory, type WasmModule } from './web-assembly.ts';

export interface Program {
  readonly module: WasmModule;
  /** The module's name in messages. */
  readonly name: string;
  /** Maximum its memory was patched to. */
  readonly maxPages: number;
}

export interface ProgramEnd {
  readonly exitCode: number;
  readonly failure?: { readonly code: ProgramFailureCode; readonly message: string };
  readonly peakMemoryBytes: number;
}
export type ProgramFailureCode =
  | 'EXIT_CODE'
  | 'TRAP'
  | 'BAD_MODULE'
  | 'MEMORY_LIMIT'
  | 'DISK_LIMIT';

export interface ProgramIo {
  /** Right before the first instruction. */
  running(): void;
  /** One file the task hands back. */
  file(path: string, content: Uint8Array): void;
}

/** A trap with this much of the memory in use or less left is taken for want of memory. */
const NEAR_LIMIT_PAGES = 16;

export interface ProgramTask extends WasiOptions {
  readonly outputs: readonly string[];
}

export function runProgram(
  program: Program,
  task: ProgramTask,
  host: WasiHost,
  io: ProgramIo,
): ProgramEnd {
  try {
    host.begin(task);
  } catch (error) {
    if (!(error instanceof WasiError)) throw error;
    io.running();
    return inputsRefused(error, task);
  }
  const end = execute(program, host, io);
  for (const path of task.outputs) {
    for (const file of host.tree.collect(path)) io.file(file.path, file.content);
  }
  host.end();
  return end;
}

function inputsRefused(error: WasiError, task: ProgramTask): ProgramEnd {
  const message =
    error.errno === Errno.NOSPC
      ? `the inputs exceed the file limit of ${task.quota.maxBytes} bytes or ${task.quota.maxInodes} files`
      : 'an input lies where another input is a file';
  return { exitCode: 137, failure: { code: 'DISK_LIMIT', message }, peakMemoryBytes: 0 };
}

function execute(program: Program, host: WasiHost, io: ProgramIo): ProgramEnd {
  let memory: WasmMemory | undefined;
  let exitCode = 0;
  let thrown: unknown;
  io.running();
  try {
    const instance = new webAssembly.Instance(program.module, { [WASI_MODULE]: host.imports });
    memory = instance.exports['memory'] as WasmMemory;
    host.bind(memory);
    (instance.exports['_start'] as () => void)();
  } catch (error) {
    if (error instanceof ProcExit) exitCode = error.exitCode;
    else thrown = error;
  }
  const usedBytes = memory?.buffer.byteLength ?? 0;
  if (thrown !== undefined) return trapped(program, host, thrown, usedBytes);
  if (exitCode === 0) return { exitCode, peakMemoryBytes: usedBytes };
  return exited(program, host, exitCode, usedBytes);
}

/** Exit codes are 8 bits wide outside; a code that would become 0 there must not look like success. */
function exited(
  program: Program,
  host: WasiHost,
  programCode: number,
  usedBytes: number,
): ProgramEnd {
  const exitCode = programCode % 256 === 0 ? 255 : programCode % 256;
  const shown = exitCode === programCode ? `${exitCode}` : `${programCode} (shown as ${exitCode})`;
  const message = `${program.name} ended with exit code ${shown}${limitsHit(program, host, usedBytes)}`;
  return { exitCode, failure: { code: 'EXIT_CODE', message }, peakMemoryBytes: usedBytes };
}

function limitsHit(program: Program, host: WasiHost, usedBytes: number): string {
  if (host.tree.inodes.refused) return '; it was refused more file space';
  return isNearLimit(program, usedBytes)
    ? `; its memory was at the limit of ${mebibytes(limitBytes(program))}`
    : '';
}

function limitBytes(program: Program): number {
  return program.maxPages * PAGE_BYTES;
}

/** A limit so small that the start already fills it says nothing about the cause. */
function isNearLimit(program: Program, usedBytes: number): boolean {
  return (
    program.maxPages > NEAR_LIMIT_PAGES &&
    usedBytes + NEAR_LIMIT_PAGES * PAGE_BYTES >= limitBytes(program)
  );
}

function trapped(program: Program, host: WasiHost, error: unknown, usedBytes: number): ProgramEnd {
  const cause = trapMessage(error);
  if (cause === undefined) throw error;
  if (host.tree.inodes.refused) {
    const message = `${program.name} trapped (${cause}) after it was refused more file space`;
    return { exitCode: 137, failure: { code: 'DISK_LIMIT', message }, peakMemoryBytes: usedBytes };
  }
  const limit = mebibytes(limitBytes(program));
  if (isNearLimit(program, usedBytes) || cause === OUT_OF_MEMORY) {
    const message = `${program.name} reached the memory limit of ${limit} and trapped (${cause}); raise --memory`;
    return {
      exitCode: 137,
      failure: { code: 'MEMORY_LIMIT', message },
      peakMemoryBytes: usedBytes,
    };
  }
  const message = `${program.name} trapped: ${cause} (memory ${mebibytes(usedBytes)} of ${limit})`;
  return { exitCode: 134, failure: { code: 'TRAP', message }, peakMemoryBytes: usedBytes };
}

const OUT_OF_MEMORY = 'out of memory';

/** V8's words for what the guest did; undefined for anything that is not the guest's doing. */
function trapMessage(error: unknown): string | undefined {
  if (error instanceof webAssembly.RuntimeError) return error.message;
  if (!(error instanceof RangeError)) return undefined;
  if (/call stack/i.test(error.message)) return 'call stack exhausted';
  return /memory|allocation/i.test(error.message) ? OUT_OF_MEMORY : undefined;
}
