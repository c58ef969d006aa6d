/** Runs one admitted module once: a fresh instance, a fresh file tree, and a verdict on how it ended. */
import { mebibytes, PAGE_BYTES } from './pages.ts';
import { Budget, FuelGone } from './strict/budget.ts';
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
  /** Whether the module is instrumented to be strict. */
  readonly isStrict: boolean;
}

export interface ProgramEnd {
  readonly exitCode: number;
  readonly failure?: { readonly code: ProgramFailureCode; readonly message: string };
  readonly peakMemoryBytes: number;
  /** Units burnt by an instrumented module. */
  readonly fuel?: number;
}
export type ProgramFailureCode =
  | 'EXIT_CODE'
  | 'TRAP'
  | 'CALL_DEPTH'
  | 'FUEL_LIMIT'
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
  /** Units an instrumented module may burn. */
  readonly fuelLimit?: number | undefined;
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
  const end = execute(program, task.fuelLimit, host, io);
  for (const path of task.outputs) {
    for (const file of host.tree.collect(path)) io.file(file.path, file.content);
  }
  host.end();
  return end;
}

function inputsRefused(error: WasiError, task: ProgramTask): ProgramEnd {
  const message =
    error.errno === Errno.NOSPC
      ? `the inputs exceed the file limit of ${mebibytes(task.quota.maxBytes)} or ${task.quota.maxInodes} files`
      : 'an input lies where another input is a file';
  return { exitCode: 137, failure: { code: 'DISK_LIMIT', message }, peakMemoryBytes: 0 };
}

function execute(
  program: Program,
  fuelLimit: number | undefined,
  host: WasiHost,
  io: ProgramIo,
): ProgramEnd {
  const run: Run = { program, host, memory: undefined, budget: undefined };
  let exitCode = 0;
  let thrown: unknown;
  io.running();
  try {
    const { exports } = new webAssembly.Instance(program.module, { [WASI_MODULE]: host.imports });
    run.memory = exports['memory'] as WasmMemory;
    run.budget = Budget.of(exports, program.isStrict ? fuelLimit : undefined);
    host.bind(run.memory, program.isStrict ? run.budget : undefined);
    run.budget?.start();
    (exports['_start'] as () => void)();
  } catch (error) {
    if (error instanceof ProcExit) exitCode = error.exitCode;
    else thrown = error;
  }
  const fuel = run.budget !== undefined && program.isStrict ? { fuel: run.budget.burnt } : {};
  const peakMemoryBytes = run.memory?.buffer.byteLength ?? 0;
  const end = thrown === undefined ? exited(run, exitCode) : trapped(run, thrown);
  return { ...end, peakMemoryBytes, ...fuel };
}

/** What is known of a run when it ends. */
interface Run {
  readonly program: Program;
  readonly host: WasiHost;
  memory: WasmMemory | undefined;
  budget: Budget | undefined;
}
type Verdict = Pick<ProgramEnd, 'exitCode' | 'failure'>;

/** Exit codes are 8 bits wide outside; a code that would become 0 there must not look like success. */
function exited(run: Run, programCode: number): Verdict {
  if (programCode === 0) return { exitCode: 0 };
  const exitCode = programCode % 256 === 0 ? 255 : programCode % 256;
  const shown = exitCode === programCode ? `${exitCode}` : `${programCode} (shown as ${exitCode})`;
  const message = `${run.program.name} ended with exit code ${shown}${limitsHit(run)}`;
  return { exitCode, failure: { code: 'EXIT_CODE', message } };
}

function limitsHit(run: Run): string {
  if (run.host.tree.inodes.refused) return '; it was refused more file space';
  return isShortOfMemory(run)
    ? `; its memory was at the limit of ${mebibytes(limitBytes(run.program))}`
    : '';
}

function limitBytes(program: Program): number {
  return program.maxPages * PAGE_BYTES;
}

/** A limit so small that the start already fills it says nothing about the cause. */
function isShortOfMemory({ program, memory, budget }: Run): boolean {
  if (budget !== undefined) return budget.wasGrowthRefused;
  const usedBytes = memory?.buffer.byteLength ?? 0;
  return (
    program.maxPages > NEAR_LIMIT_PAGES &&
    usedBytes + NEAR_LIMIT_PAGES * PAGE_BYTES >= limitBytes(program)
  );
}

function trapped(run: Run, error: unknown): Verdict {
  const { name } = run.program;
  if (error instanceof FuelGone || run.budget?.isFuelGone === true) {
    const message = `${name} burnt its ${run.budget?.limit} units of fuel`;
    return { exitCode: 137, failure: { code: 'FUEL_LIMIT', message } };
  }
  const cause = trapMessage(error);
  if (cause === undefined) throw error;
  if (cause === STACK_FULL || run.budget?.isStackFull === true) {
    const message = `${name} called too deep: its recursion does not end, or is too deep for a sandbox`;
    return { exitCode: 134, failure: { code: 'CALL_DEPTH', message } };
  }
  if (run.host.tree.inodes.refused) {
    const message = `${name} trapped (${cause}) after it was refused more file space`;
    return { exitCode: 137, failure: { code: 'DISK_LIMIT', message } };
  }
  const limit = mebibytes(limitBytes(run.program));
  if (isShortOfMemory(run) || cause === OUT_OF_MEMORY) {
    const message = `${name} reached the memory limit of ${limit} and trapped (${cause}); raise --memory`;
    return { exitCode: 137, failure: { code: 'MEMORY_LIMIT', message } };
  }
  const used = mebibytes(run.memory?.buffer.byteLength ?? 0);
  const message = `${name} trapped: ${cause} (memory ${used} of ${limit})`;
  return { exitCode: 134, failure: { code: 'TRAP', message } };
}

const STACK_FULL = 'call stack exhausted';
const OUT_OF_MEMORY = 'out of memory';

/** V8's words for what the guest did; undefined for anything that is not the guest's doing. */
function trapMessage(error: unknown): string | undefined {
  if (error instanceof webAssembly.RuntimeError) return error.message;
  if (!(error instanceof RangeError)) return undefined;
  if (/call stack/i.test(error.message)) return STACK_FULL;
  return /memory|allocation/i.test(error.message) ? OUT_OF_MEMORY : undefined;
}
