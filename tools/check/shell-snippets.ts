/** Shell commands shown in documents. */
import type { SourceFile } from './workspace.ts';

export interface ShellCommand {
  /** `README.md:12`. */
  readonly where: string;
  readonly words: readonly string[];
}

export interface Fence {
  readonly language: string;
  readonly firstLine: number;
  readonly lines: readonly string[];
}

const SHELL = new Set(['sh', 'bash', 'shell', 'console']);

export function fences(file: SourceFile): Fence[] {
  const found: Fence[] = [];
  let open: { language: string; firstLine: number; lines: string[] } | undefined;
  for (const [index, line] of file.text.split('\n').entries()) {
    const mark = /^\s*```(\S*)/.exec(line);
    if (mark === null) open?.lines.push(line);
    else if (open === undefined) {
      open = { language: mark[1] ?? '', firstLine: index + 2, lines: [] };
    } else {
      found.push(open);
      open = undefined;
    }
  }
  return found;
}

/** Every simple command of every shell block; in a `console` block only lines that start with `$ `. */
export function shellCommands(file: SourceFile): ShellCommand[] {
  return fences(file)
    .filter(({ language }) => SHELL.has(language))
    .flatMap(({ language, firstLine, lines }) =>
      joinContinued(lines).flatMap(({ line, offset }) => {
        const shown = language === 'console' ? /^\s*\$ (.*)$/.exec(line)?.[1] : line;
        if (shown === undefined) return [];
        const where = `${file.path}:${firstLine + offset}`;
        return splitCommands(shown).map((words) => ({ where, words }));
      }),
    );
}

function joinContinued(lines: readonly string[]): { line: string; offset: number }[] {
  const joined: { line: string; offset: number }[] = [];
  let pending: { line: string; offset: number } | undefined;
  for (const [offset, line] of lines.entries()) {
    const whole: { line: string; offset: number } =
      pending === undefined ? { line, offset } : { ...pending, line: `${pending.line} ${line}` };
    pending = undefined;
    if (whole.line.endsWith('\\')) pending = { ...whole, line: whole.line.slice(0, -1) };
    else joined.push(whole);
  }
  return joined;
}

/** Words of each simple command of a line: quotes removed; comments, redirections and assignments dropped. */
export function splitCommands(line: string): string[][] {
  const tokens = line.match(
    /"(?:\\.|[^"\\])*"|'[^']*'|&&|\|\||[|;&]|(?:[^\s"'|;&]|"[^"]*"|'[^']*')+/g,
  );
  const commands: string[][] = [[]];
  let redirected = false;
  for (const token of tokens ?? []) {
    const current = commands.at(-1) as string[];
    if (token.startsWith('#')) break;
    if (/^(?:&&|\|\||[|;&])$/.test(token)) commands.push([]);
    else if (redirected) redirected = false;
    else if (/^\d*[<>]/.test(token)) redirected = /[<>]$/.test(token);
    else if (current.length > 0 || !/^[A-Z_]+=/.test(token)) {
      current.push(token.replaceAll(/["']/g, ''));
    }
  }
  return commands.filter((words) => words.length > 0);
}

/** What fog is given; undefined when the command does not start fog. */
export function fogWords(words: readonly string[]): readonly string[] | undefined {
  if (words[0] === 'fog') return words.slice(1);
  if (words[0] === 'npx' && words[1] === 'fog') return words.slice(2);
  if (words[0] === 'npx' && words[1] === '--no' && words[2] === 'fog') return words.slice(3);
  return undefined;
}
