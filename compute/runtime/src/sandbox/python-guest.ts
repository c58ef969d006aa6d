import type { Guest, GuestEnd, GuestIo, GuestModule, GuestTask } from './guest.ts';
import type { GuestFailure } from './protocol.ts';
import {
  type FileQuota,
  limitFiles,
  readOutputs,
  setTimes,
  WORK_DIR,
  writeInput,
} from './python-files.ts';
import type {
  Interpreter,
  InterpreterMemory,
  PythonFunction,
  Streams,
} from './python-interpreter.ts';
import { lockProcess } from './python-lockdown.ts';
import type { PythonWorld } from './python-world.ts';

const MIB = 1024 * 1024;
/** What the interpreter may grow into beside its snapshot before a program of any use runs. */
const START_ROOM_BYTES = 4 * MIB;
const SIGKILL_EXIT = 137;
const TRAP_EXIT = 134;
const STACK_OVERFLOW = 'its stack is full; recursion through built-in functions goes too deep';

/** What `run` of fog_guest.py answers. */
interface ProgramEnd {
  readonly exitCode: number;
  readonly kind: 'exit' | 'error' | 'memory' | 'disk';
  /** Last line of the traceback, if there was one. */
  readonly summary: string;
}

/** The streams of the one task: connected before the interpreter exists, given their ends when it runs. */
export class TaskStreams implements Streams {
  #io: GuestIo | undefined;
  #stdin: Uint8Array = new Uint8Array();
  #stdoutName: 'stdout' | 'stderr' = 'stdout';

  open(io: GuestIo, stdin: Uint8Array): void {
    this.#io = io;
    this.#stdin = stdin;
  }

  stdout(bytes: Uint8Array): void {
    this.#io?.output(this.#stdoutName, bytes);
  }

  stderr(bytes: Uint8Array): void {
    this.#io?.output('stderr', bytes);
  }

  stdin(buffer: Uint8Array): number {
    this.#io?.flush();
    const piece = this.#stdin.subarray(0, buffer.length);
    buffer.set(piece);
    this.#stdin = this.#stdin.subarray(piece.length);
    return piece.length;
  }

  fatal(): void {
    this.#stdoutName = 'stderr';
  }

  beforeWait(): void {
    this.#io?.flush();
  }
}

/** One process, one interpreter, one task: what a program leaves behind dies with the process. */
export class PythonGuest implements Guest {
  readonly #interpreter: Interpreter;
  readonly #streams: TaskStreams;
  readonly #world: PythonWorld;
  readonly #run: PythonFunction;
  readonly #modules = new Map<string, Uint8Array>();

  constructor(interpreter: Interpreter, streams: TaskStreams, world: PythonWorld) {
    this.#interpreter = interpreter;
    this.#streams = streams;
    this.#world = world;
    const lock = interpreter.function('_fog_guest', 'lock');
    this.#run = interpreter.function('_fog_guest', 'run');
    interpreter.gates.lock(JSON.parse(lock()) as number[]);
    lockProcess();
  }

  load(module: GuestModule): GuestFailure | undefined {
    const neededBytes = this.#interpreter.memory.buffer.byteLength + START_ROOM_BYTES;
    if (module.memoryBytes < neededBytes) {
      return { code: 'REFUSED', message: tooLittleMemory(module.memoryBytes, neededBytes) };
    }
    this.#modules.set(module.id, module.bytes);
    return undefined;
  }

  forget(id: string): void {
    this.#modules.delete(id);
  }

  run(task: GuestTask, io: GuestIo): GuestEnd {
    const { fs } = this.#interpreter;
    if (task.isStrict) {
      this.#world.begin(task.seed);
      setTimes(fs, Date.now());
    }
    const memory = limitMemory(this.#interpreter.memory, task.memoryBytes, () => files.usedBytes);
    const files: FileQuota = limitFiles(
      fs,
      (usedBytes) =>
        Math.min(task.limits.diskBytes, task.memoryBytes - memory.usedBytes()) - usedBytes,
    );
    const staged = this.#stage(task);
    let end: ProgramEnd | Error;
    if (staged instanceof Error) end = staged;
    else {
      this.#streams.open(io, task.stdin);
      io.running();
      end = this.#runProgram(task, staged);
    }
    for (const output of task.outputs)
      readOutputs(fs, output, (path, bytes) => io.file(path, bytes));
    const peakMemoryBytes = memory.usedBytes() + files.peakBytes;
    return {
      ...verdict(task, end, { memory: memory.refused(), files: files.refused }),
      peakMemoryBytes,
    };
  }

  /** Writes inputs and program; gives the program's path. */
  #stage(task: GuestTask): string | Error {
    const { fs } = this.#interpreter;
    const program = `${WORK_DIR}/${task.name}`;
    try {
      fs.mkdirTree(WORK_DIR);
      fs.chdir(WORK_DIR);
      writeInput(fs, program, this.#modules.get(task.id) ?? new Uint8Array());
      for (const [path, bytes] of task.inputs) writeInput(fs, path, bytes);
      return program;
    } catch (error) {
      return toError(error);
    }
  }

  #runProgram(task: GuestTask, program: string): ProgramEnd | Error {
    const { name, args, env, seed } = task;
    try {
      return JSON.parse(
        this.#run(JSON.stringify({ name, args, env, seed, program })),
      ) as ProgramEnd;
    } catch (error) {
      const status = (error as { status?: unknown }).status;
      // os._exit unwinds the interpreter with this.
      if (typeof status === 'number') return { exitCode: status & 0xff, kind: 'exit', summary: '' };
      return toError(error);
    }
  }
}

interface MemoryLimit {
  usedBytes(): number;
  /** Whether growth was refused. */
  refused(): boolean;
}

/** The interpreter grows through the object's own method, so it is the one place to refuse. */
function limitMemory(
  memory: InterpreterMemory,
  limitBytes: number,
  fileBytes: () => number,
): MemoryLimit {
  const grow = memory.grow.bind(memory);
  let refused = false;
  const value = (pages: number): number => {
    if (memory.buffer.byteLength + pages * 65_536 + fileBytes() > limitBytes) {
      refused = true;
      throw new RangeError('the memory limit of the job is reached');
    }
    try {
      return grow(pages);
    } catch (error) {
      // The machine has less than the job may have: no answer a program should see as its own mistake.
      refused = true;
      throw error;
    }
  };
  Object.defineProperty(memory, 'grow', { value, writable: false, configurable: false });
  return { usedBytes: () => memory.buffer.byteLength, refused: () => refused };
}

function verdict(
  task: GuestTask,
  end: ProgramEnd | Error,
  refused: { readonly memory: boolean; readonly files: boolean },
): Omit<GuestEnd, 'peakMemoryBytes'> {
  if (end instanceof Error) return refused.memory ? memoryEnd(task) : trapEnd(end);
  if (end.kind === 'memory') return memoryEnd(task);
  if (end.kind === 'disk' && refused.files) return diskEnd(task);
  if (end.exitCode === 0) return { exitCode: 0 };
  const because = end.summary === '' ? '' : `: ${end.summary}`;
  const message = `${task.name} ended with exit code ${end.exitCode}${because}`;
  return { exitCode: end.exitCode, failure: { code: 'EXIT_CODE', message } };
}

function memoryEnd(task: GuestTask): Omit<GuestEnd, 'peakMemoryBytes'> {
  const message =
    `${task.name} needs more memory than its limit of ${inMib(task.memoryBytes)}: ` +
    'ask for more with --memory, at most 4G';
  return { exitCode: SIGKILL_EXIT, failure: { code: 'MEMORY_LIMIT', message } };
}

function diskEnd(task: GuestTask): Omit<GuestEnd, 'peakMemoryBytes'> {
  const message =
    `${task.name} wrote more files than it may: files count against the memory limit of ` +
    `${inMib(task.memoryBytes)}; ask for more with --memory`;
  return { exitCode: SIGKILL_EXIT, failure: { code: 'DISK_LIMIT', message } };
}

function trapEnd(error: Error): Omit<GuestEnd, 'peakMemoryBytes'> {
  const isStackFull = error instanceof RangeError;
  const cause = isStackFull ? STACK_OVERFLOW : error.message.split('\n')[0];
  const message = `the interpreter ended abruptly: ${cause?.slice(0, 1000) ?? 'unknown cause'}`;
  return { exitCode: TRAP_EXIT, failure: { code: isStackFull ? 'CALL_DEPTH' : 'TRAP', message } };
}

function tooLittleMemory(limitBytes: number, neededBytes: number): string {
  return (
    `a memory limit of ${inMib(limitBytes)} is less than Python itself needs: ` +
    `ask for at least ${inMib(neededBytes)} with --memory`
  );
}

function inMib(bytes: number): string {
  return `${Math.ceil(bytes / MIB)}M`;
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
