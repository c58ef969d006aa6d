import type { Deployment } from '@fog/wire';
import { printable } from './printable.ts';
import { table } from './table.ts';
import { ago, clockTime } from './time.ts';

export function deploymentsTable(all: readonly Deployment[], now: number): string {
  const rows = all.map((one) => [
    one.id,
    one.name,
    one.state,
    `${one.healthy}/${one.wanted}`,
    String(one.version),
    ago(now, one.updatedAt),
    one.cause ?? '',
  ]);
  const head = ['DEPLOYMENT', 'NAME', 'STATE', 'HEALTHY', 'VERSION', 'CHANGED', 'CAUSE'];
  return table([head, ...rows], { right: [3, 4] });
}

export function deploymentText(one: Deployment, now: number): string {
  const facts: [string, string][] = [
    ['deployment', one.id],
    ['name', one.name],
    ['state', `${one.state}${one.cause === undefined ? '' : `: ${one.cause}`}`],
    ['replicas', `${one.healthy} of ${one.wanted} healthy`],
    ['version', String(one.version)],
    ['created', `${clockTime(one.createdAt)} (${ago(now, one.createdAt)})`],
  ];
  const lines = facts.map(([name, value]) => `${name.padEnd(10)} ${printable(value)}\n`).join('');
  if (one.replicas.length === 0) return lines;
  const rows = one.replicas.map((each) => [
    String(each.slot),
    each.state,
    String(each.version),
    each.node?.slice(0, 8) ?? '-',
    each.job,
    String(each.restarts),
    ago(now, each.since),
    each.detail ?? '',
  ]);
  const head = ['SLOT', 'STATE', 'VERSION', 'NODE', 'JOB', 'RESTARTS', 'SINCE', 'DETAIL'];
  return `${lines}\n${table([head, ...rows], { right: [0, 2, 5] })}`;
}
