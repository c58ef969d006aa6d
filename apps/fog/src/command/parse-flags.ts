import { fail } from '../errors.ts';
import type { AnyCommand, FlagDef, FlagDefs } from './command.ts';
import { GLOBAL_FLAGS } from './shared-flags.ts';
import { suggest } from './suggest.ts';

export interface ParsedLine {
  readonly flags: Record<string, boolean | string | string[] | undefined>;
  readonly args: string[];
}

interface Cursor {
  readonly words: readonly string[];
  at: number;
}

/** `--flag VALUE`, `--flag=VALUE`, `-f`, `--` and positionals in any order; a wrong line throws FOG_USAGE. */
export function parseFlags(command: AnyCommand, words: readonly string[]): ParsedLine {
  const defs: FlagDefs = { ...command.flags, ...GLOBAL_FLAGS };
  const line = emptyLine(defs);
  const cursor: Cursor = { words, at: 0 };
  while (cursor.at < words.length) {
    const word = words[cursor.at] as string;
    cursor.at += 1;
    if (word === '--') {
      line.args.push(...words.slice(cursor.at));
      break;
    }
    if (word.startsWith('-') && word !== '-') {
      readFlag(word, { command, defs, cursor, line });
    } else {
      line.args.push(word);
      if (endsFlags(command, line.args)) {
        line.args.push(...words.slice(cursor.at));
        break;
      }
    }
  }
  if (line.flags['help'] !== true) checkArgs(command, line.args);
  return line;
}

function endsFlags({ passThrough }: AnyCommand, args: readonly string[]): boolean {
  return typeof passThrough === 'function' ? passThrough(args) : passThrough === true;
}

function emptyLine(defs: FlagDefs): ParsedLine {
  const flags: ParsedLine['flags'] = {};
  for (const [name, def] of Object.entries(defs)) {
    flags[name] = def.type === 'boolean' ? false : def.type === 'list' ? [] : undefined;
  }
  return { flags, args: [] };
}

interface FlagContext {
  readonly command: AnyCommand;
  readonly defs: FlagDefs;
  readonly cursor: Cursor;
  readonly line: ParsedLine;
}

function readFlag(word: string, context: FlagContext): void {
  const equals = word.indexOf('=');
  const shown = equals === -1 ? word : word.slice(0, equals);
  const inline = equals === -1 ? undefined : word.slice(equals + 1);
  const name = flagName(shown, context.defs);
  const def = name === undefined ? undefined : context.defs[name];
  if (name === undefined || def === undefined) throw unknownFlag(shown, context);
  const { flags } = context.line;
  if (def.type === 'boolean') {
    if (inline !== undefined) throw usage(context.command, `${shown} takes no value.`);
    flags[name] = true;
    return;
  }
  const value = inline ?? nextValue(shown, def, context);
  if (def.type === 'text' && value === '') throw usage(context.command, `${shown} is empty.`);
  if (def.type === 'list') (flags[name] as string[]).push(value);
  else if (flags[name] === undefined) flags[name] = value;
  else throw usage(context.command, `${shown} was given twice.`);
}

function flagName(shown: string, defs: FlagDefs): string | undefined {
  if (shown.startsWith('--')) {
    const name = shown.slice(2);
    return Object.hasOwn(defs, name) ? name : undefined;
  }
  return Object.entries(defs).find(([, def]) => def.short === shown.slice(1))?.[0];
}

function nextValue(shown: string, def: FlagDef, { command, cursor }: FlagContext): string {
  const value = cursor.words[cursor.at];
  // A word that looks like a flag was hardly meant as the value; a negative number was.
  if (value === undefined || /^-[^\d]/.test(value)) {
    throw usage(command, `${shown} needs a value: ${shown} ${def.value ?? 'VALUE'}.`);
  }
  cursor.at += 1;
  return value;
}

function unknownFlag(shown: string, { command, defs }: FlagContext): Error {
  const names = Object.keys(defs).map((name) => `--${name}`);
  const near = suggest(shown, names);
  const hint = near === undefined ? '' : ` Did you mean ${near}?`;
  const after =
    command.passThrough !== undefined ? ' Flags of the program come after its file.' : '';
  return usage(command, `Unknown flag ${shown}.${hint}${after}`);
}

function checkArgs(command: AnyCommand, args: readonly string[]): void {
  const required = command.args.filter((name) => !name.startsWith('['));
  const missing = required[args.length];
  if (missing !== undefined) throw usage(command, `${missing.replace('…', '')} is missing.`);
  const repeats = command.args.at(-1)?.includes('…') ?? false;
  const extra = args[command.args.length];
  if (!repeats && extra !== undefined) throw usage(command, `Unexpected argument "${extra}".`);
}

/** With the line of its action, where the command has some. */
export function usage(
  command: Pick<AnyCommand, 'name' | 'usage'>,
  problem: string,
  action = '',
): Error {
  const own = command.usage.find((line) => line.startsWith(`${command.name} ${action}`.trim()));
  return fail('FOG_USAGE', {
    message: `${problem} Usage: fog ${own ?? command.usage[0]} (see fog help ${command.name})`,
    details: { command: command.name },
  });
}
