import type { Clock } from '@fog/kernel';
import { printable } from '../show/printable.ts';
import type { Interrupts } from './interrupts.ts';
import type { Output } from './output.ts';

export interface Stdin {
  /** `terminal`: a person types there. `none`: /dev/null, closed, or another device. */
  readonly kind: 'terminal' | 'none' | 'file' | 'pipe';
  read(): AsyncIterable<Uint8Array>;
}

/** What the process gives to the commands; tests give their own. */
export interface Host {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly stdin: Stdin;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly interrupts: Interrupts;
  readonly clock: Clock;
  /** Tells the process that started this one, where there is a channel to it; resolves once it is sent. */
  readonly tellParent?: ((message: unknown) => Promise<void>) | undefined;
  /** How this command is called again, without an argument: `npx --no fog`, `fog`, or a path. */
  readonly self: string;
  /** Runs `task`, which must be synchronous, when the process ends by whatever path it still can control. */
  atExit(task: () => void): () => void;
}

/** One line of fog's own on stderr; parts of it may be the words of a program or of another machine. */
export function say(host: Pick<Host, 'stderr'>, text: string): Promise<void> {
  return host.stderr.write(`fog: ${text.split('\n').map(printable).join('\n')}\n`);
}

/** The next useful command; only for people. */
export async function sayNext(host: Pick<Host, 'stderr'>, ...lines: string[]): Promise<void> {
  if (!host.stderr.isTerminal) return;
  for (const line of lines) await host.stderr.write(`next: ${line}\n`);
}
