import type { AnyCommand, FlagDef, FlagDefs } from './command.ts';
import { COMMANDS } from './command-table.ts';
import { GLOBAL_FLAGS } from './shared-flags.ts';

const FLAG_COLUMN = 26;
const COMMAND_COLUMN = 13;

export function overviewText(): string {
  const rows = Object.entries(COMMANDS).map(
    ([name, row]) => `  ${name.padEnd(COMMAND_COLUMN)}${row.summary}`,
  );
  return [
    'fog: one private compute pool from the machines you already have.',
    '',
    'USAGE',
    '  fog COMMAND [flags] [arguments]',
    '',
    'COMMANDS',
    ...rows,
    '',
    'EXAMPLES',
    '  fog run hello.wasm             run a program here, with no fog set up',
    '  fog run --count 8 search.py    run it eight times side by side',
    '  fog up                         start a fog; it prints the line that joins other machines',
    '',
    'fog help COMMAND tells more about each.',
    '',
  ].join('\n');
}

export function helpText(command: AnyCommand): string {
  const sections = [
    `fog ${command.name}: ${command.summary}`,
    section(
      'USAGE',
      command.usage.map((line) => `fog ${line}`),
    ),
    command.about === undefined ? '' : `\n  ${command.about.trim()}`,
    ...flagSections({ ...command.flags, ...GLOBAL_FLAGS }),
    section(
      'EXAMPLES',
      command.examples.flatMap(({ line, does }) => [line, `    ${does}`]),
    ),
    command.exitCodes === undefined
      ? ''
      : section(
          'EXIT CODES',
          Object.entries(command.exitCodes).map(([code, text]) => `${code.padEnd(6)}${text}`),
        ),
  ];
  return `${sections.filter((text) => text !== '').join('\n')}\n`;
}

function section(title: string, lines: readonly string[]): string {
  return `\n${title}\n${lines.map((line) => `  ${line}`).join('\n')}`;
}

function flagSections(flags: FlagDefs): string[] {
  const groups = Map.groupBy(Object.entries(flags), ([, { group = '' }]) => group);
  return ['', ...groups.keys().filter((group) => group !== '')].map((group) => {
    const title = group === '' ? 'FLAGS' : `FLAGS: ${group}`;
    return section(title, flagLines(Object.fromEntries(groups.get(group) ?? [])));
  });
}

function flagLines(flags: FlagDefs): string[] {
  return Object.entries(flags).map(([name, def]) => {
    const left = flagForm(name, def);
    const gap = left.length < FLAG_COLUMN ? left.padEnd(FLAG_COLUMN) : `${left}  `;
    return `${gap}${def.help}`;
  });
}

function flagForm(name: string, def: FlagDef): string {
  const short = def.short === undefined ? '' : `-${def.short}, `;
  return `${short}--${name}${def.type === 'boolean' ? '' : ` ${def.value ?? 'VALUE'}`}`;
}
