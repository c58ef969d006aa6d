/** Brings up one CPython interpreter, fresh or from a memory snapshot, and closes what leads out of it. */
import { pathToFileURL } from 'node:url';
import { type GuestFs, removeTerminals } from './python-files.ts';
import { SnapshotFile } from './python-snapshot-file.ts';
import type { PythonWorld } from './python-world.ts';
import { type Gates, type HostFunctions, installGates } from './python-gates.ts';

/** A function of Python, called with and answering text. */
export type PythonFunction = (...args: string[]) => string;

export interface Streams {
  stdout(bytes: Uint8Array): void;
  stderr(bytes: Uint8Array): void;
  /** Fills the buffer; 0 is the end of the input. */
  stdin(buffer: Uint8Array): number;
  /** The interpreter dies; what it writes from now on are its last words. */
  fatal(): void;
  /** The program is about to wait. */
  beforeWait(): void;
}

/** Its WebAssembly memory. */
export interface InterpreterMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

export interface Interpreter {
  readonly fs: GuestFs;
  readonly memory: InterpreterMemory;
  readonly gates: Gates;
  /** Runs text of Python in a namespace of its own. */
  execute(source: string, fileName: string): void;
  /** A function of an imported module. */
  function(module: string, name: string): PythonFunction;
  memorySnapshot(): Uint8Array;
}

export interface InterpreterOptions {
  /** Folder of the `pyodide` package. */
  readonly libraryDir: string;
  /** Path of a memory snapshot to start from. Absent: start from nothing, able to give one. */
  readonly snapshot: string | undefined;
  readonly streams: Streams;
  readonly world: PythonWorld;
}

interface EmscriptenSettings {
  readonly API: { restoreSnapshot(head: Uint8Array): unknown };
  instantiateWasm(
    imports: { env: HostFunctions },
    receive: (instance: unknown, module: unknown) => void,
  ): unknown;
}

/** The linked program below Pyodide. */
interface Machine {
  readonly memory: InterpreterMemory;
}

interface Pyodide {
  readonly FS: GuestFs;
  readonly _module: Machine;
  readonly _api: {
    fatal_error(error: unknown): never;
  };
  runPython(source: string, options: { filename: string; globals: unknown }): unknown;
  toPy(value: object): unknown;
  pyimport(name: string): Record<string, PythonFunction>;
  setStdout(options: { write(bytes: Uint8Array): number; isatty: boolean }): void;
  setStderr(options: { write(bytes: Uint8Array): number; isatty: boolean }): void;
  setStdin(options: { read(buffer: Uint8Array): number; isatty: boolean }): void;
  makeMemorySnapshot(): Uint8Array;
}

/** The one version this code is written for; the package is pinned to it. */
export const PYODIDE_VERSION = '314.0.7';

/** No packages: the lock file of the library lists what could be downloaded, and nothing is. */
const NO_PACKAGES = {
  info: {
    abi_version: '2026_0',
    arch: 'wasm32',
    platform: 'emscripten_5_0_3',
    version: PYODIDE_VERSION,
    python: '3.14.0',
  },
  packages: {},
};

export async function startInterpreter(options: InterpreterOptions): Promise<Interpreter> {
  const importFrom = (file: string): Promise<Record<string, unknown>> =>
    import(pathToFileURL(`${options.libraryDir}/${file}`).href) as Promise<Record<string, unknown>>;
  const [library, machine] = await Promise.all([
    importFrom('pyodide.mjs'),
    importFrom('pyodide.asm.mjs'),
  ]);
  const loadPyodide = library['loadPyodide'] as (options: object) => Promise<Pyodide>;
  const createModule = machine['default'] as (settings: object) => Promise<Machine>;
  const linked: { gates?: Gates } = {};
  const snapshot = options.snapshot === undefined ? undefined : new SnapshotFile(options.snapshot);
  const pyodide = await loadPyodide({
    indexURL: options.libraryDir,
    lockFileContents: NO_PACKAGES,
    jsglobals: Object.create(null) as object,
    env: { HOME: '/work', PYTHONHASHSEED: '0' },
    _sysExecutable: 'python3',
    stdin: () => null,
    stdout: () => undefined,
    stderr: () => undefined,
    ...(snapshot === undefined ? { _makeSnapshot: true } : { _loadSnapshot: snapshot.head }),
    createPyodideModule: async (settings: EmscriptenSettings) => {
      const instantiate = settings.instantiateWasm.bind(settings);
      settings.instantiateWasm = (imports, receive) => {
        linked.gates = installGates(imports.env, (durationMs) => {
          options.streams.beforeWait();
          options.world.wait(durationMs);
        });
        return instantiate(imports, receive);
      };
      const linkedMachine = await createModule(settings);
      snapshot?.restoreInto(linkedMachine, settings);
      return linkedMachine;
    },
  });
  snapshot?.close();
  if (linked.gates === undefined)
    throw new Error('the interpreter was not linked through its gates');
  reportFatalErrors(pyodide, options.streams);
  connectStreams(pyodide, options.streams);
  removeTerminals(pyodide.FS);
  return interpreterOf(pyodide, linked.gates);
}

/** A dying interpreter writes the stack of the program to its stdout, which is the program's alone. */
function reportFatalErrors({ _api: api }: Pyodide, streams: Streams): void {
  const report = api.fatal_error.bind(api);
  api.fatal_error = (error) => {
    streams.fatal();
    return report(error);
  };
}

function connectStreams(pyodide: Pyodide, streams: Streams): void {
  const writer = (write: (bytes: Uint8Array) => void) => ({
    write: (bytes: Uint8Array) => {
      write(bytes);
      return bytes.length;
    },
    isatty: false,
  });
  pyodide.setStdout(writer((bytes) => streams.stdout(bytes)));
  pyodide.setStderr(writer((bytes) => streams.stderr(bytes)));
  pyodide.setStdin({ read: (buffer) => streams.stdin(buffer), isatty: false });
}

function interpreterOf(pyodide: Pyodide, gates: Gates): Interpreter {
  return {
    fs: pyodide.FS,
    memory: pyodide._module.memory,
    gates,
    execute: (source, filename) => {
      pyodide.runPython(source, { filename, globals: pyodide.toPy({}) });
    },
    function: (module, name) => {
      const found = pyodide.pyimport(module)[name];
      if (found === undefined) throw new Error(`${module} has no function ${name}`);
      return found;
    },
    memorySnapshot: () => pyodide.makeMemorySnapshot(),
  };
}
