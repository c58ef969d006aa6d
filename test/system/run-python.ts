/** A started runtime and a way to run one Python program in it: what the system and security tests of Python share. */
import { writeFile } from 'node:fs/promises';
import { silentLogger, systemClock } from '@fog/kernel';
import { createRuntime, type RunEnd, type Runtime } from '@fog/runtime';
import { tempDir, type TempDir } from '@fog/testkit';
import { DEFAULT_MEMORY_BYTES, type Determinism, type SandboxLevel } from '@fog/wire';

export interface PythonTask {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly seed?: string;
  readonly determinism?: Determinism;
  readonly stdin?: string;
  /** Guest path → content. */
  readonly inputs?: Readonly<Record<string, string>>;
  readonly outputs?: readonly string[];
  readonly memoryBytes?: number;
  readonly timeoutMs?: number;
  readonly owner?: string;
  readonly signal?: AbortSignal;
  /** Called with each piece of output as it arrives. */
  readonly onOutput?: (stream: 'stdout' | 'stderr', text: string) => void;
}

export interface PythonResult {
  readonly end: RunEnd;
  readonly stdout: string;
  readonly stderr: string;
  readonly files: Readonly<Record<string, string>>;
}

export interface PythonWorld extends AsyncDisposable {
  readonly runtime: Runtime;
  readonly dir: TempDir;
  run(source: string, task?: PythonTask): Promise<PythonResult>;
}

const TIMEOUT_MS = 120_000;

/** `dataDir` shares a memory snapshot between worlds; without it each makes its own. */
export async function pythonWorld(
  level: SandboxLevel | 'auto' = 'auto',
  dataDir?: string,
): Promise<PythonWorld> {
  const dir = await tempDir();
  const options = { dataDir: dataDir ?? dir.file('runtime'), slots: 2, level };
  const runtime = createRuntime(options, { clock: systemClock, logger: silentLogger });
  await runtime.start(AbortSignal.timeout(TIMEOUT_MS));
  let files = 0;
  const write = async (content: string): Promise<string> => {
    const file = dir.file(`file-${(files += 1)}`);
    await writeFile(file, content);
    return file;
  };
  return {
    runtime,
    dir,
    run: (source, task = {}) => runPython(runtime, write, source, task),
    [Symbol.asyncDispose]: async () => {
      await runtime.stop();
      await dir[Symbol.asyncDispose]();
    },
  };
}

async function runPython(
  runtime: Runtime,
  write: (content: string) => Promise<string>,
  source: string,
  task: PythonTask,
): Promise<PythonResult> {
  const inputs = Object.entries(task.inputs ?? {}).map(async ([path, content]) => ({
    path,
    hostPath: await write(content),
  }));
  const hostPath = await write(source);
  const received = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] };
  const files: Record<string, Uint8Array[]> = {};
  const end = await runtime.run(
    {
      owner: task.owner ?? 'owner',
      runtime: 'python',
      module: { content: hostPath, hostPath },
      moduleName: 'program.py',
      args: task.args ?? [],
      env: task.env ?? {},
      seed: task.seed ?? 'job/0',
      inputs: await Promise.all(inputs),
      outputs: task.outputs ?? [],
      memoryBytes: task.memoryBytes ?? DEFAULT_MEMORY_BYTES,
      timeoutMs: task.timeoutMs ?? TIMEOUT_MS,
      determinism: task.determinism ?? 'none',
      ...(task.stdin === undefined ? {} : { stdinHostPath: await write(task.stdin) }),
    },
    {
      running: () => {},
      output: (stream, chunk) => {
        received[stream].push(chunk);
        task.onOutput?.(stream, Buffer.from(chunk).toString('utf8'));
      },
      file: (path, chunk) => (files[path] ??= []).push(chunk),
    },
    task.signal ?? new AbortController().signal,
  );
  return {
    end,
    stdout: textOf(received.stdout),
    stderr: textOf(received.stderr),
    files: Object.fromEntries(Object.entries(files).map(([path, parts]) => [path, textOf(parts)])),
  };
}

function textOf(parts: readonly Uint8Array[]): string {
  return Buffer.concat(parts).toString('utf8');
}
