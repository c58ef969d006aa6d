import { formatSize } from '@fog/kernel';
import type { FogNode, RouteAnswer, Topology, TopologySnapshot } from '@fog/wire';
import stringWidth from 'string-width';
import { pricesText, quoteText } from './price-text.ts';
import { printable } from './printable.ts';
import { type Screen, table } from './table.ts';
import { ago, clockTime } from './time.ts';

/** The breaker shows here: a node that cools down is well, and gets nothing all the same. */
export function nodeStatusText({ status, breaker }: FogNode): string {
  const isClosed = ['draining', 'maintenance', 'dead', 'offline'].includes(status);
  return breaker.state === 'open' && !isClosed ? 'cooling' : status;
}

/** Characters of an id that tell nodes apart, and that every command takes for it. */
const SHORT_ID = 8;
/** What a narrow screen does not show, the first first. */
const LEFT_OUT = ['SANDBOX', 'REGION', 'RTT', 'TYPE', 'SEEN'];
const RIGHT = ['SLOTS', 'DONE', 'FAILED', 'TRUST', 'RTT'];

/** On a terminal with shorter ids, and then without some columns, until it fits. */
export function nodesTable(nodes: readonly FogNode[], now: number, screen: Screen): string {
  let cells = nodes.map((node) => nodeCells(node, now));
  let text = cellsTable(cells);
  const fits = (): boolean =>
    !screen.isTerminal || text.split('\n').every((line) => stringWidth(line) <= screen.columns);
  if (fits()) return text;
  cells = cells.map((each) => ({ ...each, NODE: each.NODE?.slice(0, SHORT_ID) ?? '' }));
  text = cellsTable(cells);
  for (let left = 1; !fits() && left <= LEFT_OUT.length; left += 1) {
    text = cellsTable(cells, LEFT_OUT.slice(0, left));
  }
  return text;
}

function cellsTable(
  cells: readonly Readonly<Record<string, string>>[],
  without: readonly string[] = [],
): string {
  const head = Object.keys(cells[0] ?? {}).filter((name) => !without.includes(name));
  const rows = cells.map((each) => head.map((name) => each[name] ?? ''));
  const right = head.flatMap((name, at) => (RIGHT.includes(name) ? [at] : []));
  return table([head, ...rows], { right });
}

function nodeCells(node: FogNode, now: number): Record<string, string> {
  return {
    NODE: node.id,
    NAME: node.name,
    TYPE: node.profile.type,
    STATUS: nodeStatusText(node),
    SLOTS: `${node.running}/${node.capabilities.slots}`,
    DONE: String(node.settled),
    FAILED: String(node.failed),
    TRUST: node.trust?.toFixed(2) ?? '-',
    RTT: rttText(node.rttMs),
    REGION: node.profile.region ?? '-',
    SANDBOX: node.capabilities.sandboxLevel,
    SEEN: ago(now, node.lastSeenAt),
  };
}

function rttText(rttMs: number | undefined): string {
  return rttMs === undefined ? '-' : `${rttMs < 10 ? rttMs.toFixed(1) : Math.round(rttMs)} ms`;
}

export function nodeText(node: FogNode, now: number): string {
  const { capabilities, profile, load, breaker } = node;
  const { coordinates, prices } = profile;
  const labels = Object.entries(profile.labels).map(([name, value]) => `${name}=${value}`);
  const until = breaker.until === undefined ? '' : ` until ${clockTime(breaker.until)}`;
  return rowsText([
    ['node', node.id],
    ['name', node.name],
    ['owner', node.owner],
    ['type', profile.type],
    ['status', nodeStatusText(node)],
    ['tasks', `${node.running} running, ${node.settled} done, ${node.failed} failed`],
    [
      'breaker',
      breaker.failures === 0
        ? undefined
        : `${breaker.state}${until}, ${breaker.failures} failures in a row`,
    ],
    ['trust', node.trust?.toFixed(2)],
    [
      'machine',
      `${capabilities.platform}/${capabilities.arch}, ${capabilities.cores} cores, ${formatSize(capabilities.memoryBytes)} of memory`,
    ],
    [
      'disk',
      capabilities.diskBytes === undefined
        ? undefined
        : `${formatSize(capabilities.diskBytes)} free`,
    ],
    ['GPUs', capabilities.gpus?.toString()],
    [
      'speed',
      capabilities.speed === undefined
        ? undefined
        : `${Math.round(capabilities.speed / 1e6)} million units of fuel a second`,
    ],
    [
      'slots',
      `${capabilities.slots}, sandbox level ${capabilities.sandboxLevel}, runs ${capabilities.runtimes.join(', ')}`,
    ],
    [
      'load',
      load === undefined
        ? undefined
        : `${Math.round(load.cpu * 100)} % of the CPU, ${formatSize(load.freeMemoryBytes)} of memory free`,
    ],
    [
      'link',
      `round trip ${rttText(node.rttMs)}, bandwidth ${node.bandwidthMbps === undefined ? '-' : `${node.bandwidthMbps.toFixed(1)} Mbit/s`}`,
    ],
    ['region', profile.region],
    ['at', coordinates && `${coordinates.latitude},${coordinates.longitude}`],
    ['labels', labels.length === 0 ? undefined : labels.join(', ')],
    ['prices', prices && pricesText(prices)],
    ['version', capabilities.version],
    ['joined', `${clockTime(node.joinedAt)} (${ago(now, node.joinedAt)})`],
    ['seen', ago(now, node.lastSeenAt)],
  ]);
}

export function rowsText(rows: readonly (readonly [string, string | undefined])[]): string {
  return rows
    .flatMap(([name, value]) =>
      value === undefined ? [] : [`${name.padEnd(10)} ${printable(value)}\n`],
    )
    .join('');
}

/** `explain`: every node with its score or its refusal, else only where it would go. */
export function routeText(
  { strategy, node, candidates }: RouteAnswer,
  explain: boolean,
  screen: Screen,
): string {
  const best = candidates.find((each) => each.node === node);
  const line =
    best === undefined
      ? `${strategy}: no node can take it\n`
      : `${strategy}: ${printable(best.name)} (${best.node})${best.because === undefined ? '' : `, ${printable(best.because)}`}\n`;
  if (!explain) return line;
  const asks = candidates.some(({ quote }) => quote !== undefined);
  const rows = candidates.map((each) => [
    each.name,
    each.node,
    each.score?.toFixed(2) ?? '-',
    ...(asks ? [quoteText(each.quote)] : []),
    each.refusal ?? each.because ?? '',
  ]);
  const head = ['NAME', 'NODE', 'SCORE', ...(asks ? ['ASKS'] : []), 'BECAUSE'];
  return `${line}\n${table([head, ...rows], { right: [2], screen })}`;
}

/** Rows of the past that fit a screen; `--json` has all. */
const SHOWN_HISTORY = 10;

export function topologyText(
  { now, links, history }: Topology,
  names: ReadonlyMap<string, string>,
): string {
  const { capacity } = now;
  const head = rowsText([
    ['nodes', `${now.nodes}: ${countsText(now.byStatus)}`],
    ['types', countsText(now.byType)],
    ['slots', `${capacity.freeSlots} of ${capacity.slots} free`],
    ['cores', String(capacity.cores)],
    ['memory', formatSize(capacity.memoryBytes)],
  ]);
  const linkRows = links.map(({ node, rttMs, bandwidthMbps }) => [
    names.get(node) ?? '',
    node,
    rttText(rttMs),
    bandwidthMbps === undefined ? '-' : `${bandwidthMbps.toFixed(1)} Mbit/s`,
  ]);
  const linksTable = table([['NAME', 'NODE', 'RTT', 'BANDWIDTH'], ...linkRows], { right: [2, 3] });
  const past = history.slice(-SHOWN_HISTORY).map((each) => pastRow(each));
  const pastTable = table([['TIME', 'NODES', 'FREE SLOTS', 'STATUS'], ...past], { right: [1, 2] });
  return `${head}\n${linksTable}${past.length === 0 ? '' : `\n${pastTable}`}`;
}

function pastRow({ time, nodes, capacity, byStatus }: TopologySnapshot): string[] {
  const slots = `${capacity.freeSlots}/${capacity.slots}`;
  return [clockTime(time), String(nodes), slots, countsText(byStatus)];
}

function countsText(counts: Readonly<Record<string, number | undefined>>): string {
  const parts = Object.entries(counts).filter(([, count]) => (count ?? 0) > 0);
  return parts.length === 0 ? 'none' : parts.map(([name, count]) => `${count} ${name}`).join(', ');
}
