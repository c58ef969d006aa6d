/** How far a node is trusted, for a person: the numbers, then what they rest on. */
import type { EvidenceRecord, NodeTrust } from '@fog/wire';
import { rowsText } from './node-text.ts';
import { type Screen, table } from './table.ts';
import { clockTime } from './time.ts';

const RECOUNTED: readonly (readonly [boolean | undefined, string])[] = [
  [true, 'from the log of all its evidence: the same numbers'],
  [false, 'from the log of all its evidence: OTHER numbers; what is stored was changed'],
  [undefined, 'not now: there is too much evidence'],
];

const EXPECTED: Readonly<Record<NodeTrust['use'], string>> = {
  work: 'right work',
  relay: 'epochs without loss or wrong delays',
};

export function trustText(trust: NodeTrust, name: string, screen: Screen): string {
  const { node, use, score, lower, effective, newcomer, checked, kinds, gates, recounted } = trust;
  const head = rowsText([
    [use === 'work' ? 'node' : 'relay', `${name} (${node})`],
    ['score', `${score.toFixed(3)}, the share of ${EXPECTED[use]} that is expected`],
    ['at least', `${lower.toFixed(3)} with a probability of 95 %`],
    ['rests on', `${effective.toFixed(1)} observations that have not faded`],
    ['newcomer', newcomer ? 'yes: every result of it that can be checked is' : undefined],
    ['checked', checked === undefined ? undefined : checkedText(checked)],
    ['gates', gates.map(gateText).join(', ') || undefined],
    ['recounted', RECOUNTED.find(([is]) => is === recounted)?.[1]],
  ]);
  if (kinds.length === 0) return `${head}\nNothing has been seen of it yet.\n`;
  const kindRows = kinds.map(({ kind, good, bad, credible }) => [
    kind,
    good.toFixed(1),
    credible.toFixed(1),
    bad.toFixed(1),
  ]);
  const counts = table([['KIND', 'GOOD', 'CREDIBLE', 'BAD'], ...kindRows], { right: [1, 2, 3] });
  const rows = trust.evidence.map(evidenceRow);
  const log = table([EVIDENCE, ...rows], { right: [3], screen });
  return `${head}\n${counts}\n${log}`;
}

const EVIDENCE = ['TIME', 'KIND', '', 'WEIGHT', 'SAYS', 'SOURCE'];

function checkedText(checked: number): string {
  return `${(100 * checked).toFixed(0)} % of its results, where they can be compared`;
}

function gateText({ gate, needs, passes }: NodeTrust['gates'][number]): string {
  return `${gate} (${needs}) ${passes ? 'yes' : 'no'}`;
}

function evidenceRow({ time, kind, good, weight, rater, source }: EvidenceRecord): string[] {
  return [clockTime(time), kind, good ? 'good' : 'bad', String(weight), rater, sourceText(source)];
}

/** Digests are for `--json`. */
const SHOWN = ['job', 'alias', 'index', 'token', 'window', 'network', 'epoch'];

function sourceText(source: Readonly<Record<string, unknown>>): string {
  return SHOWN.flatMap((name) => {
    const value = source[name];
    return typeof value === 'string' || typeof value === 'number' ? [`${name} ${value}`] : [];
  }).join(', ');
}
