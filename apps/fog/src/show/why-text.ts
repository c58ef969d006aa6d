import type { JobWhy } from '@fog/wire';
import { planLines } from './scheduler-text.ts';
import { quoteText } from './price-text.ts';
import { printable } from './printable.ts';
import { type Screen, table } from './table.ts';
import { clockTime } from './time.ts';

/** Lines of the past that fit a screen; `--json` and "fog job ID events" have all. */
const SHOWN_HISTORY = 20;

export function whyText(why: JobWhy, screen: Screen): string {
  const { job, state, summary, needs, nodes, plan, history } = why;
  const name = summary.endsWith(state) ? job : `${job} (${state})`;
  const parts = [`${name}: ${printable(summary)}\n`];
  if (needs.length > 0) {
    parts.push(table([['NEEDS', 'STATE'], ...needs.map((need) => [need.job, need.state])]));
  }
  if (nodes.length > 0) {
    const asks = nodes.some(({ quote }) => quote !== undefined);
    const rows = nodes.map((node) => [
      node.name,
      node.node,
      ...(asks ? [quoteText(node.quote)] : []),
      node.refusal ??
        (node.because === undefined ? 'could take it' : `could take it: ${node.because}`),
    ]);
    parts.push(table([['NAME', 'NODE', ...(asks ? ['ASKS'] : []), 'SAYS'], ...rows], { screen }));
  }
  if (plan !== undefined) parts.push(planLines(plan, screen));
  const shown = history.slice(-SHOWN_HISTORY);
  const older = history.length - shown.length;
  const rows = shown.map(({ time, text }) => [clockTime(time), text]);
  const before = older === 0 ? '' : `… and ${older} earlier\n`;
  if (rows.length > 0) parts.push(before + table(rows, { screen }));
  return parts.join('\n');
}
