import { systemClock } from '@fog/kernel';
import type { Host, Stdin } from '../src/process/host.ts';
import type { Output } from '../src/process/output.ts';

export interface TestHost extends Host {
  readonly out: () => string;
  readonly err: () => string;
  press(): void;
}

export interface TestHostOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly stdin?: Stdin;
  readonly terminal?: boolean;
}

/** A host whose streams are memory; `press` is Ctrl-C. */
export function createTestHost(options: TestHostOptions = {}): TestHost {
  const out = memoryOutput(options.terminal ?? false);
  const err = memoryOutput(options.terminal ?? false);
  const asked = new AbortController();
  const forced = new AbortController();
  let exitCode: number | undefined;
  return {
    env: options.env ?? {},
    cwd: process.cwd(),
    stdin: options.stdin ?? { kind: 'none', read: () => chunks([]) },
    stdout: out.output,
    stderr: err.output,
    interrupts: {
      asked: asked.signal,
      forced: forced.signal,
      get exitCode(): number | undefined {
        return exitCode;
      },
    },
    clock: systemClock,
    self: 'fog',
    atExit: () => () => {},
    out: out.text,
    err: err.text,
    press: () => {
      exitCode = 130;
      if (asked.signal.aborted) forced.abort();
      else asked.abort();
    },
  };
}

function memoryOutput(isTerminal: boolean): { output: Output; text: () => string } {
  const parts: Buffer[] = [];
  return {
    output: {
      isTerminal,
      columns: 80,
      closed: new AbortController().signal,
      write: async (chunk) => void parts.push(Buffer.from(chunk as string)),
    },
    text: () => Buffer.concat(parts).toString('utf8'),
  };
}

export async function* chunks(parts: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part as string);
}
