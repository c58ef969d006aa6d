/** A server process of a test that can be stopped, killed, frozen and started again at its port. */
import { Child, type ChildOptions } from '../child.ts';

export interface TestServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Started by the test helper already; again after `stop` or `kill`. Resolves when it takes connections. */
  start(): Promise<void>;
  /** In good order: connections are closed, nothing that was committed is lost. */
  stop(): Promise<void>;
  /** kill -9 of it and all its processes. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  /** SIGSTOP: connections stay open and nothing answers, until `thaw`. */
  freeze(): void;
  thaw(): void;
}

export interface ServerCommand {
  readonly options: ChildOptions;
  readonly ready: RegExp;
  /** Of an orderly end that does not wait for clients. */
  readonly stopSignal: NodeJS.Signals;
}

const READY_MS = 60_000;

export type ServerProcess = Omit<TestServer, 'host' | 'port'>;

export function createServerProcess(command: ServerCommand): ServerProcess {
  let child: Child | undefined;
  const start = async (): Promise<void> => {
    if (child?.running === true) return;
    child = new Child(command.options);
    await child.output(command.ready, READY_MS);
  };
  const stop = async (): Promise<void> => {
    if (child?.running !== true) return;
    child.signal(command.stopSignal);
    await child.ended();
    await child.gone();
  };
  return {
    start,
    stop,
    kill: async () => {
      if (child?.running !== true) return;
      child.signalAll('SIGKILL');
      await child.kill();
      await child.gone();
    },
    restart: async () => {
      await stop();
      await start();
    },
    freeze: () => child?.signalAll('SIGSTOP'),
    thaw: () => child?.signalAll('SIGCONT'),
    [Symbol.asyncDispose]: async () => {
      child?.signalAll('SIGCONT');
      // Killed, it would leave its shared memory to the machine.
      try {
        await stop();
      } finally {
        await child?.[Symbol.asyncDispose]();
      }
    },
  };
}
