import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createHash } from 'node:crypto';
import { silentLogger, systemClock } from '@fog/kernel';
import { createRuntime, type RunEnd, type RunRequest, type Runtime } from '@fog/runtime';
import { tempDir } from '@fog/testkit';
import type { SandboxLevel } from '@fog/wire';

const MIB = 2 ** 20;

export interface Ran extends RunEnd {
  readonly stdout: string;
  readonly stderr: string;
  readonly files: Readonly<Record<string, string>>;
  readonly hasStarted: boolean;
}

/** How a test runs a program: everything but the module has a default. */
export interface RunOptions extends Partial<Omit<RunRequest, 'module' | 'inputs'>> {
  readonly stdin?: string;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Called at the first byte of output or the start, whichever the test waits for. */
  readonly onRunning?: () => void;
  readonly onOutput?: (text: string) => void;
}

/** A real runtime with real sandbox processes in a folder of its own. */
export class RuntimeHarness implements AsyncDisposable {
  readonly runtime: Runtime;
  readonly dir: string;
  readonly #dispose: () => Promise<void>;
  #files = 0;

  private constructor(runtime: Runtime, dir: string, dispose: () => Promise<void>) {
    this.runtime = runtime;
    this.dir = dir;
    this.#dispose = dispose;
  }

  static async start(level: SandboxLevel | 'auto', slots = 2): Promise<RuntimeHarness> {
    const temp = await tempDir();
    const runtime = createRuntime(
      { dataDir: path.join(temp.path, 'runtime'), slots, level },
      { clock: systemClock, logger: silentLogger },
    );
    const harness = new RuntimeHarness(runtime, temp.path, async () => {
      await runtime.stop();
      await temp[Symbol.asyncDispose]();
    });
    try {
      await runtime.start(AbortSignal.timeout(60_000));
      return harness;
    } catch (error) {
      await harness[Symbol.asyncDispose]();
      throw error;
    }
  }

  async run(bytes: Uint8Array, options: RunOptions = {}): Promise<Ran> {
    const { stdin, inputs = {}, signal, onRunning, onOutput, ...more } = options;
    const content = createHash('sha256').update(bytes).digest('hex');
    const request: RunRequest = {
      owner: 'ann',
      runtime: 'wasm',
      module: { content, hostPath: await this.#file(bytes) },
      moduleName: 'test.wasm',
      args: [],
      env: {},
      seed: 'jtest/0',
      ...(stdin === undefined ? {} : { stdinHostPath: await this.#file(stdin) }),
      inputs: await Promise.all(
        Object.entries(inputs).map(async ([name, text]) => ({
          path: name,
          hostPath: await this.#file(text),
        })),
      ),
      outputs: [],
      memoryBytes: 64 * MIB,
      timeoutMs: 60_000,
      ...more,
    };
    const text = { stdout: '', stderr: '' };
    const files: Record<string, string> = {};
    let hasStarted = false;
    const end = await this.runtime.run(
      request,
      {
        running: () => {
          hasStarted = true;
          onRunning?.();
        },
        output: (stream, chunk) => {
          const piece = Buffer.from(chunk).toString('latin1');
          text[stream] += piece;
          onOutput?.(piece);
        },
        file: (name, chunk) => {
          files[name] = (files[name] ?? '') + Buffer.from(chunk).toString('latin1');
        },
      },
      signal ?? new AbortController().signal,
    );
    return { ...end, ...text, files, hasStarted };
  }

  async #file(content: Uint8Array | string): Promise<string> {
    const folder = path.join(this.dir, 'staged');
    await mkdir(folder, { recursive: true });
    this.#files += 1;
    const file = path.join(folder, `${this.#files}`);
    await writeFile(file, content);
    return file;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dispose();
  }
}
