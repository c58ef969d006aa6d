import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SandboxRecipe } from '../recipe.ts';
import { PYODIDE_VERSION } from '../sandbox/python-interpreter.ts';
import { provideSnapshot } from './snapshot.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

const LIBRARY_DIR = path.dirname(createRequire(import.meta.url).resolve('pyodide/pyodide.mjs'));
const GUEST_FILE = fileURLToPath(new URL('fog_guest.py', import.meta.url));

/** What the memory of a fresh interpreter looks like depends on these. */
const SNAPSHOT_SOURCES = [
  path.join(LIBRARY_DIR, 'package.json'),
  GUEST_FILE,
  ...['python-gates', 'python-interpreter', 'python-snapshot-main', 'python-world'].map((name) =>
    fileURLToPath(new URL(`../sandbox/${name}${path.extname(import.meta.url)}`, import.meta.url)),
  ),
];

const NODE_FLAGS = [
  // A program that reaches JavaScript finds no eval.
  '--disallow-code-generation-from-strings',
  '--no-experimental-websocket',
  // The program's memory is outside the heap; this bounds names of files and what hangs on them.
  '--max-old-space-size=192',
  // Half of the 8 MiB a main thread has; a recursion of a thousand calls through C functions fits.
  '--stack-size=3900',
  // The interpreter is our own: checking all 9 MB of it before the first call costs each start a fifth.
  '--wasm-lazy-validation',
  // A start makes some 20 MB of garbage; this spares it most collections.
  '--min-semi-space-size=16',
  '--v8-pool-size=1',
  '--single-threaded-gc',
  '--expose-gc',
  '--no-warnings',
] as const;

/** Processes of the Python runtime. Sizes were measured on x86-64 with pyodide 314.0.7. */
export const pythonRecipe: SandboxRecipe = {
  runtime: 'python',
  version: `python-1/pyodide-${PYODIDE_VERSION}`,
  entry: 'python-main.ts',
  nodeFlags: NODE_FLAGS,
  permission: true,
  reuse: 'never',
  // 165 MB when ready, of which 31 MB count as the program's; the rest is compiled code of long runs and staging.
  residentAllowanceBytes: 320 * MIB,
  // 715 MB when ready: V8's code range, stacks, heaps and the interpreter.
  dataAllowanceBytes: 1152 * MIB,
  // 18 GiB when ready: the interpreter's memory reserves 8 GiB and its guard regions as much.
  addressSpaceBytes: 64 * GIB,
  startTimeoutMs: 30_000,
  prepare: async (context, signal) => {
    const files = { library: LIBRARY_DIR, guest: GUEST_FILE };
    const build = (): Promise<Uint8Array> =>
      context.build('python-snapshot-main.ts', files, signal);
    const snapshot = await provideSnapshot(
      {
        folder: context.dataDir,
        sources: SNAPSHOT_SOURCES,
        flags: NODE_FLAGS,
      },
      build,
    );
    return { library: LIBRARY_DIR, snapshot };
  },
};
