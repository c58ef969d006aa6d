/** A process of the benchmark that answers one request at a time. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

export interface BenchChild extends AsyncDisposable {
  readonly pid: number;
  ask<T>(request: object): Promise<T>;
}

export function startChild(file: string, flags: readonly string[] = []): BenchChild {
  const child = fork(new URL(file, import.meta.url), {
    serialization: 'advanced',
    execArgv: [...process.execArgv, ...flags],
  });
  let last: Promise<unknown> = Promise.resolve();
  return {
    pid: child.pid ?? 0,
    ask: async <T>(request: object) => {
      const answer = last.then(() => ask<T>(child, request));
      last = answer.catch(() => {});
      return await answer;
    },
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function ask<T>(child: ChildProcess, request: object): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onExit = (code: number | null): void => {
      child.removeListener('message', onMessage);
      reject(new Error(`a process of the benchmark ended with ${code}`));
    };
    const onMessage = (reply: unknown): void => {
      child.removeListener('exit', onExit);
      resolve(reply as T);
    };
    child.once('exit', onExit);
    child.once('message', onMessage);
    child.send(request);
  });
}
