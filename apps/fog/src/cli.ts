import { type ErrorKind, errorMessage, FogError } from '@fog/kernel';
import { FOG_VERSION } from '@fog/wire';
import type { AnyCommand } from './command/command.ts';
import { commandRow, COMMANDS } from './command/command-table.ts';
import { helpText, overviewText } from './command/help-text.ts';
import { parseFlags, type ParsedLine } from './command/parse-flags.ts';
import { suggest } from './command/suggest.ts';
import { fail } from './errors.ts';
import { exitCodeOfError, SIGNAL_EXIT_CODES } from './exit-code.ts';
import { type Host, say } from './process/host.ts';

/** Runs one command line; the answer is the exit code. Never throws. */
export async function runCli(words: readonly string[], host: Host): Promise<number> {
  const style = { json: false, trace: Boolean(host.env['FOG_DEBUG']) };
  try {
    const exitCode = await dispatch(words, host, style);
    return host.stdout.closed.aborted ? SIGNAL_EXIT_CODES.SIGPIPE : exitCode;
  } catch (error) {
    if (host.interrupts.exitCode !== undefined && isCancelled(error)) {
      return host.interrupts.exitCode;
    }
    await printError(error, host, style);
    return exitCodeOfError(error);
  }
}

interface ErrorStyle {
  json: boolean;
  trace: boolean;
}

async function dispatch(words: readonly string[], host: Host, style: ErrorStyle): Promise<number> {
  const [name, ...rest] = words;
  if (name === undefined || name === '--help' || name === '-h') {
    await host.stdout.write(overviewText());
    return name === undefined ? 2 : 0;
  }
  if (name === '--version' || name === '-V') {
    await host.stdout.write(`${FOG_VERSION}\n`);
    return 0;
  }
  const command = await loadCommand(name);
  const line = readLine(command, rest, style);
  if (line.flags['help'] === true) {
    await host.stdout.write(helpText(command));
    return 0;
  }
  style.json = line.flags['json'] === true;
  style.trace ||= line.flags['verbose'] === true;
  return command.run({ flags: line.flags as never, args: line.args, host });
}

/** A wrong line has no flags yet, so whether errors are JSON is read from the words. */
function readLine(command: AnyCommand, words: readonly string[], style: ErrorStyle): ParsedLine {
  try {
    return parseFlags(command, words);
  } catch (error) {
    style.json = Object.hasOwn(command.flags, 'json') && words.includes('--json');
    throw error;
  }
}

export async function loadCommand(name: string): Promise<AnyCommand> {
  const row = commandRow(name);
  if (row !== undefined) return (await row.load()).command;
  const near = suggest(name, Object.keys(COMMANDS));
  const isFile = /\.(wasm|py|js)$/.test(name) ? ` To run a program: fog run ${name}.` : '';
  const what = name.startsWith('-') ? 'flag' : 'command';
  throw fail('FOG_USAGE', {
    message: `Unknown ${what} "${name}".${near === undefined ? '' : ` Did you mean "${near}"?`}${isFile} "fog help" lists the commands.`,
  });
}

function isCancelled(error: unknown): boolean {
  return (error instanceof FogError && error.kind === 'cancelled') || isAbort(error);
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

async function printError(error: unknown, host: Host, style: ErrorStyle): Promise<void> {
  const trace = style.trace && error instanceof Error ? `\n${traceOf(error)}` : '';
  if (style.json) await host.stderr.write(`${jsonError(error)}${trace}\n`);
  else await say(host, `${errorMessage(error)}${trace}`);
}

function jsonError(error: unknown): string {
  const known = error instanceof FogError;
  const code = known ? error.code : 'BUG';
  const kind: ErrorKind = known ? error.kind : 'bug';
  return JSON.stringify({ error: { code, message: errorMessage(error), kind } });
}

function traceOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${traceOf(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
