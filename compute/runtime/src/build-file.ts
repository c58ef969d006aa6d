import type { Clock } from '@fog/kernel';
import { fail } from './errors.ts';
import type { LaunchPlan } from './launch.ts';
import { concatBytes } from '@fog/kernel';
import { fromBase64 } from './sandbox/protocol.ts';
import { MAX_DISK_BYTES, RUN_LIMITS } from './stage.ts';
import { startProcess } from './start-process.ts';

/** A snapshot takes seconds, on a slow machine tens of them. */
const BUILD_TIMEOUT_MS = 180_000;

/** Runs an entry once with an empty module and task and gives the one file it hands over. */
export async function buildFile(
  plan: LaunchPlan,
  clock: Clock,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const sandbox = await startProcess(plan, clock, signal);
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const refuse = (why: string): void => {
    reject(fail('RUNTIME_PROBE', { message: `Preparing ${plan.recipe.runtime} failed: ${why}` }));
  };
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  sandbox.listen({
    answer: (frame) => {
      if (frame.type === 'file') {
        const chunk = fromBase64(frame.data);
        sizeBytes += chunk.length;
        if (sizeBytes > MAX_DISK_BYTES) refuse('it made more than the file limit');
        else chunks.push(chunk);
      } else if (frame.type === 'end') {
        if (frame.failure === undefined) resolve(concatBytes(chunks));
        else refuse(frame.failure.message);
      }
    },
    gone: () => refuse(sandbox.problem ?? sandbox.lastWords.slice(-300)),
  });
  const cancelTimer = clock.after(BUILD_TIMEOUT_MS, () => refuse('it took too long'));
  const abort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  try {
    requestBuild(sandbox);
    return await promise;
  } finally {
    cancelTimer();
    signal.removeEventListener('abort', abort);
    sandbox.listen(undefined);
    await sandbox.kill();
  }
}

function requestBuild(sandbox: Awaited<ReturnType<typeof startProcess>>): void {
  const id = 'build';
  const memoryBytes = 0;
  sandbox.send({
    type: 'module',
    id,
    name: id,
    memoryBytes,
    isStrict: true,
    sizeBytes: 0,
    data: '',
  });
  sandbox.send({
    type: 'run',
    id,
    name: id,
    args: [],
    env: {},
    seed: id,
    isStrict: true,
    memoryBytes,
    outputs: [],
    limits: RUN_LIMITS,
  });
}
