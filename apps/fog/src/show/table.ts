import stringWidth from 'string-width';
import type { Output } from '../process/output.ts';
import { printable } from './printable.ts';

/** What a text must fit. */
export type Screen = Pick<Output, 'isTerminal' | 'columns'>;

/** Characters between two columns. */
const GAP = 2;
/** A narrower column would be read letter by letter. */
const LEAST_WRAPPED = 12;

/**
 * Columns for a person; the first row is the head. Numbers are for `right` columns. On a screen that is a terminal
 * the last column goes on below itself; elsewhere a row stays one line, which can be searched.
 */
export function table(
  rows: readonly (readonly string[])[],
  options: { readonly right?: readonly number[]; readonly screen?: Screen } = {},
): string {
  const { right = [], screen } = options;
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, stringWidth(printable(cell)));
    }
  }
  const indent = widths.slice(0, -1).reduce((sum, width) => sum + width + GAP, 0);
  const last = widths.length - 1;
  const lines = rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        const text = printable(cell);
        const padding = ' '.repeat(width - stringWidth(text));
        if (right.includes(column)) return `${padding}${text}`;
        if (column < last || screen?.isTerminal !== true) return `${text}${padding}`;
        return wrapped(text, Math.max(LEAST_WRAPPED, screen.columns - indent)).join(
          `\n${' '.repeat(indent)}`,
        );
      })
      .join(' '.repeat(GAP))
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}

/** Lines of a screen, the further ones below the text of the first, which begins after `head`. */
export function paragraph(head: string, text: string, { columns }: Screen): string {
  const lines = wrapped(printable(text), Math.max(LEAST_WRAPPED, columns - stringWidth(head)));
  return `${head}${lines.join(`\n${' '.repeat(stringWidth(head))}`)}\n`;
}

/** A word longer than a line stays whole. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line === undefined || stringWidth(line) + 1 + stringWidth(word) > width) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}
