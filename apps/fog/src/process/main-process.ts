/** The only module that touches `process`: streams, signals, exit. */
import { fstatSync } from 'node:fs';
import { errorMessage, systemClock } from '@fog/kernel';
import { EXIT_CODES } from '@fog/wire';
import { runCli } from '../cli.ts';
import type { Host, Stdin } from './host.ts';
import { listenForInterrupts } from './interrupts.ts';
import { createOutput } from './output.ts';
import { selfCommand } from './self-command.ts';

/** Only its being there counts. */
const KEEP_ALIVE_MS = 60_000;
/** After a second signal nothing may hold the process longer than this. */
const FORCED_EXIT_MS = 2_000;

export async function main(): Promise<void> {
  const host = processHost();
  process.on('uncaughtException', (error) => die(error));
  process.on('unhandledRejection', (error) => die(error));
  host.interrupts.forced.addEventListener('abort', () => {
    setTimeout(() => process.exit(host.interrupts.exitCode), FORCED_EXIT_MS).unref();
  });
  // Timers of the clock do not keep a process alive, and between two tries to reach a fog nothing else does.
  setInterval(() => {}, KEEP_ALIVE_MS);
  const exitCode = await runCli(process.argv.slice(2), host);
  process.exit(exitCode);
}

function die(error: unknown): never {
  const details = process.env['FOG_DEBUG'] && error instanceof Error ? `\n${error.stack}` : '';
  process.stderr.write(`fog: ${errorMessage(error)}${details}\n`);
  process.exit(EXIT_CODES.fogFailed);
}

function processHost(): Host {
  return {
    env: process.env,
    cwd: process.cwd(),
    stdin: processStdin(),
    stdout: createOutput(process.stdout, 'stdout'),
    stderr: createOutput(process.stderr, 'stderr'),
    interrupts: listenForInterrupts(
      (signal, listener) => process.on(signal, listener),
      systemClock,
    ),
    clock: systemClock,
    tellParent: process.connected ? tellParent : undefined,
    self: selfCommand(process.env, process.argv[1] ?? 'fog'),
    atExit: (task) => {
      process.on('exit', task);
      return () => process.off('exit', task);
    },
  };
}

function tellParent(message: unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(message, undefined, undefined, (error) =>
      error === null ? resolve() : reject(error),
    );
  });
}

function processStdin(): Stdin {
  return {
    kind: stdinKind(),
    read: () => process.stdin,
  };
}

function stdinKind(): Stdin['kind'] {
  try {
    const stats = fstatSync(0);
    if (stats.isFile()) return 'file';
    if (stats.isFIFO() || stats.isSocket()) return 'pipe';
    return process.stdin.isTTY ? 'terminal' : 'none';
  } catch {
    return 'none';
  }
}
