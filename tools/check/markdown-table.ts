/** Generated tables in documents: the rows between two markers, all else is hand-written. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './workspace.ts';

export interface MarkedTable {
  readonly before: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly after: string;
}

function markers(name: string): [start: string, end: string] {
  return [`<!-- ${name}: generated rows -->`, `<!-- ${name}: end -->`];
}

/** Splits a document at its markers; a missing marker is an error that says which. */
export function readTable(text: string, name: string): MarkedTable {
  const [start, end] = markers(name);
  const [from, to] = [text.indexOf(start), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the document has no "${start}" … "${end}"`);
  const lines = text
    .slice(from + start.length, to)
    .split('\n')
    .filter((line) => line.trim().startsWith('|'));
  const [header = [], , ...rows] = lines.map(splitRow);
  return { before: text.slice(0, from + start.length), header, rows, after: text.slice(to) };
}

export function formatTable(
  table: Pick<MarkedTable, 'before' | 'header' | 'after'>,
  rows: readonly (readonly string[])[],
): string {
  const all = [table.header, ...rows].map((row) => row.map(escapeCell));
  const widths = table.header.map((_, column) =>
    Math.max(3, ...all.map((row) => (row[column] ?? '').length)),
  );
  const line = (row: readonly string[]) =>
    `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  const [header = [], ...body] = all;
  return `${table.before}\n\n${[line(header), rule, ...body.map(line)].join('\n')}\n\n${table.after}`;
}

/** Writes the document with these rows. */
export function writeTable(file: string, name: string, rows: readonly (readonly string[])[]): void {
  const whole = path.join(ROOT, file);
  writeFileSync(whole, formatTable(readTable(readFileSync(whole, 'utf8'), name), rows));
}

function splitRow(line: string): string[] {
  const cells = line
    .trim()
    .replace(/^\|/, '')
    .replace(/\|$/, '')
    .split(/(?<!\\)\|/);
  return cells.map((cell) => cell.trim().replaceAll('\\|', '|'));
}

function escapeCell(text: string): string {
  return text.replaceAll('\n', ' ').replaceAll('|', '\\|');
}
