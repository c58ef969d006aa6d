import type { Clock } from '@fog/kernel';
import { fail } from './errors.ts';
import { launch, type LaunchPlan } from './launch.ts';
import { SandboxProcess } from './sandbox-process.ts';

/** Launches a process and waits for its first answer; it is gone again when this throws. */
export async function startProcess(
  plan: LaunchPlan,
  clock: Clock,
  signal: AbortSignal,
): Promise<SandboxProcess> {
  signal.throwIfAborted();
  const sandbox = new SandboxProcess(launch(plan));
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const refuse = (why: string): void => {
    reject(fail('RUNTIME_PROBE', { message: `A sandbox process did not start: ${why}` }));
  };
  const cancelTimer = clock.after(plan.recipe.startTimeoutMs, () => refuse('it took too long'));
  const abort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  sandbox.listen({
    answer: (frame) => (frame.type === 'ready' ? resolve() : refuse('it spoke out of turn')),
    gone: () => refuse(sandbox.problem ?? lastLine(sandbox.lastWords)),
  });
  try {
    await promise;
    sandbox.listen(undefined);
    return sandbox;
  } catch (error) {
    sandbox.listen(undefined);
    await sandbox.kill();
    throw error;
  } finally {
    cancelTimer();
    signal.removeEventListener('abort', abort);
  }
}

function lastLine(words: string): string {
  const lines = words.split('\n').filter((line) => /error|fatal|bwrap|prlimit|cannot/i.test(line));
  return (lines.at(-1) ?? words.trim().split('\n').at(-1) ?? '').slice(0, 300) || 'it just ended';
}
