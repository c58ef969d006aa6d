/** How fast one core of this machine is: fuel a second of a loop under the instrumentation of strict runs. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { errorMessage, type Logger } from '@fog/kernel';
import type { RunRequest, RunSink, Runtime } from '@fog/runtime';
import { z } from 'zod';
import { SPEED_TIMEOUT_MS } from '../limits.ts';

/**
 * A module that counts to thirty million: 0.05 s on a desktop, a second on a slow phone.
 *
 * (module
 *   (memory (export "memory") 1)
 *   (func (export "_start") (local $n i32)
 *     (loop
 *       (br_if 0 (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 30000000))))))
 */
const SPEED_MODULE = Buffer.from(
  'AGFzbQEAAAABBAFgAAADAgEABQMBAAEHEwIGbWVtb3J5AgAGX3N0YXJ0AAAKGAEWAQF/A0AgAEEBaiIAQYCHpw5JDQALCw==',
  'base64',
);

const SpeedFile = z.strictObject({ runtimeVersion: z.string(), speed: z.number().positive() });

interface SpeedDeps {
  readonly runtime: Pick<Runtime, 'run' | 'runtimes' | 'versions'>;
  readonly logger: Logger;
}

/** Measured once for each version of the runtime and kept in `dataDir`; undefined when it cannot be measured. */
export async function measureSpeed(
  dataDir: string,
  { runtime, logger }: SpeedDeps,
  signal: AbortSignal,
): Promise<number | undefined> {
  const runtimeVersion = runtime.versions?.wasm;
  if (runtimeVersion === undefined || !runtime.runtimes.includes('wasm')) return undefined;
  const file = path.join(dataDir, 'speed.json');
  const known = await readKnown(file);
  if (known?.runtimeVersion === runtimeVersion) return known.speed;
  try {
    const module = path.join(dataDir, 'speed.wasm');
    await writeFile(module, SPEED_MODULE);
    const { usage, failure } = await runtime.run(request(module), SILENT, signal);
    if (failure !== undefined || usage.fuel === undefined || usage.cpuMs <= 0) return undefined;
    const speed = Math.round((usage.fuel / usage.cpuMs) * 1000);
    await writeFile(file, `${JSON.stringify({ runtimeVersion, speed })}\n`);
    return speed;
  } catch (error) {
    logger.warn('the speed of this machine was not measured', { cause: errorMessage(error) });
    return undefined;
  }
}

async function readKnown(file: string): Promise<z.infer<typeof SpeedFile> | undefined> {
  try {
    return SpeedFile.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    // None yet, or a damaged one: it is made anew.
    return undefined;
  }
}

function request(hostPath: string): RunRequest {
  return {
    owner: '',
    runtime: 'wasm',
    module: { content: 'speed', hostPath },
    moduleName: 'speed.wasm',
    args: [],
    env: {},
    seed: 'speed/0',
    inputs: [],
    outputs: [],
    memoryBytes: 2 ** 20,
    timeoutMs: SPEED_TIMEOUT_MS,
    determinism: 'strict',
  };
}

const SILENT: RunSink = { running: () => {}, output: () => {}, file: () => {} };
