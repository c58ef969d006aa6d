import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { sha256Hex } from '@fog/crypto';
import { type Clock, errorMessage, formatDuration, type Logger } from '@fog/kernel';
import { createRuntime, type Runtime } from '@fog/runtime';
import type { RuntimeName } from '@fog/wire';
import { lockFirstFree } from '../compose/lock-first-free.ts';
import type { SandboxChoice } from '../run/run-flags.ts';
import { type Check, failed, ok, warn } from './check.ts';

/** What a job gets that does not say. */
const SELF_TEST_MEMORY_BYTES = 512 * 1024 * 1024;
/** The first Python run makes the snapshot. */
const SELF_TEST_TIMEOUT_MS = 60_000;

interface SelfTest {
  readonly runtime: RuntimeName;
  readonly name: string;
  readonly program: Uint8Array;
  readonly prints: string;
}

/** A module that writes `ok` by WASI's fd_write. */
const WASM_PROGRAM = Buffer.concat([
  Buffer.from('0061736d01000000', 'hex'),
  Buffer.from('010c0260047f7f7f7f017f600000', 'hex'),
  Buffer.from('02230116', 'hex'),
  Buffer.from('wasi_snapshot_preview1'),
  Buffer.from('08', 'hex'),
  Buffer.from('fd_write'),
  Buffer.from('0000', 'hex'),
  Buffer.from('03020101', 'hex'),
  Buffer.from('0503010001', 'hex'),
  Buffer.from('07130206', 'hex'),
  Buffer.from('memory'),
  Buffer.from('020006', 'hex'),
  Buffer.from('_start'),
  Buffer.from('0001', 'hex'),
  Buffer.from('0a0f010d0041014100410141101000', 'hex'),
  Buffer.from('1a0b', 'hex'),
  Buffer.from('0b11010041000b0b0800000003000000', 'hex'),
  Buffer.from('ok\n'),
]);

const SELF_TESTS: readonly SelfTest[] = [
  { runtime: 'wasm', name: 'self-test.wasm', program: WASM_PROGRAM, prints: 'ok\n' },
  {
    runtime: 'python',
    name: 'self-test.py',
    program: Buffer.from('print(sum(n * n for n in range(10)))\n'),
    prints: '285\n',
  },
];

export interface RuntimeCheckOptions {
  readonly runtimesDir: string;
  /** For the programs of the self-tests. */
  readonly scratch: string;
  readonly sandbox: SandboxChoice;
}

/** Starts a sandbox as an agent would and runs a program of each kind in it. */
export async function checkRuntime(
  options: RuntimeCheckOptions,
  deps: { readonly clock: Clock; readonly logger: Logger },
  signal: AbortSignal,
): Promise<Check[]> {
  using lock = lockFirstFree(options.runtimesDir);
  const level = options.sandbox;
  const runtime = createRuntime({ dataDir: lock.dir, slots: 1, level }, deps);
  try {
    await runtime.start(signal);
    const checks = [checkLevel(runtime)];
    for (const test of SELF_TESTS) {
      checks.push(await runSelfTest(runtime, test, { ...options, ...deps, signal }));
    }
    return checks;
  } catch (error) {
    return [failed('sandbox', errorMessage(error), 'Try --sandbox auto.')];
  } finally {
    await runtime.stop();
  }
}

function checkLevel({ level, levelReason }: Runtime): Check {
  if (level === 'os') return ok('sandbox', 'level os: namespaces of the operating system');
  return warn(
    'sandbox',
    `level ${level}: programs run in a process of their own, without namespaces`,
    levelReason ?? 'Install bubblewrap (Debian: apt install bubblewrap).',
  );
}

async function runSelfTest(
  runtime: Runtime,
  test: SelfTest,
  { scratch, clock, signal }: RuntimeCheckOptions & { clock: Clock; signal: AbortSignal },
): Promise<Check> {
  const hostPath = path.join(scratch, test.name);
  await mkdir(scratch, { recursive: true, mode: 0o700 });
  await writeFile(hostPath, test.program);
  const printed: Uint8Array[] = [];
  const startedAt = clock.monotonicMs();
  const end = await runtime.run(
    {
      owner: 'doctor',
      runtime: test.runtime,
      module: { content: sha256Hex(test.program), hostPath },
      moduleName: test.name,
      args: [],
      env: {},
      seed: 'doctor/0',
      inputs: [],
      outputs: [],
      memoryBytes: SELF_TEST_MEMORY_BYTES,
      timeoutMs: SELF_TEST_TIMEOUT_MS,
    },
    {
      running: () => {},
      output: (stream, chunk) => void (stream === 'stdout' && printed.push(chunk)),
      file: () => {},
    },
    signal,
  );
  const took = formatDuration(clock.monotonicMs() - startedAt);
  if (end.exitCode === 0 && Buffer.concat(printed).toString() === test.prints) {
    return ok(test.runtime, `a program ran in ${took}`);
  }
  const why = end.failure?.message ?? 'it printed something else than it should';
  return failed(
    test.runtime,
    `the self-test failed: ${why}`,
    'Run "npm ci" again; see "fog doctor --verbose".',
  );
}
