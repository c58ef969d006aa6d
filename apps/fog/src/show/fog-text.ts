import { formatDuration, formatSize } from '@fog/kernel';
import type { FogCoordinator, FogStatus, ServiceStatus } from '@fog/wire';
import { tiersLine } from './sla-text.ts';
import { schedulerLine } from './scheduler-text.ts';
import { table } from './table.ts';

export function statusText(status: FogStatus, url: string): string {
  const { nodes, jobs } = status;
  const lines = [
    `fog       ${status.fogId} at ${url}, version ${status.version}, up ${formatDuration(status.time - status.startedAt)}`,
    `nodes     ${nodes.online} of ${nodes.total} online, ${nodes.busySlots} of ${nodes.slots} slots busy`,
    `jobs      ${jobs.open} open, ${jobs.ended} ended; tasks: ${jobs.runningTasks} running, ${jobs.queuedTasks} waiting`,
    ...trustLine(status.trust),
    ...deploymentsLine(status.deployments),
    ...keptLine(status.retention),
    ...schedulerLine(status.scheduler),
    ...tiersLine(status.sla ?? []),
  ];
  const coordinators = coordinatorsTable(status.coordinators ?? [], status.time);
  return `${lines.join('\n')}\n\n${coordinators}${servicesTable(status.services)}`;
}

/** Nothing while nothing is known of anybody. */
function trustLine(trust: FogStatus['trust']): string[] {
  if (trust === undefined || trust.known + trust.distrusted === 0) return [];
  const { known, newcomers, distrusted } = trust;
  const parts = [`${known} known for right work`, `${newcomers} new`];
  if (distrusted > 0) parts.push(`${distrusted} not trusted`);
  return [`trust     ${parts.join(', ')}`];
}

/** From two of them on, times are told in days. */
const DAY_MS = 86_400_000;

function keptLine(retention: FogStatus['retention']): string[] {
  if (retention === undefined) return [];
  const { keepMs, removedJobs, removedBlobs, freedBytes } = retention;
  const keep = keepMs < 2 * DAY_MS ? formatDuration(keepMs) : `${Math.round(keepMs / DAY_MS)} days`;
  const removed =
    removedJobs + removedBlobs === 0
      ? ''
      : `; removed: ${removedJobs} jobs, ${removedBlobs} files (${formatSize(freedBytes)})`;
  return [`kept      ended jobs for ${keep}${removed}`];
}

function deploymentsLine({
  total,
  degraded,
  replicas,
  healthy,
}: FogStatus['deployments']): string[] {
  if (total === 0) return [];
  const what = total === 1 ? '1 deployment' : `${total} deployments`;
  const worse = degraded === 0 ? '' : ` (${degraded} degraded)`;
  return [`services  ${what}${worse}, ${healthy} of ${replicas} replicas healthy`];
}

/** Of one there is nothing to tell. */
function coordinatorsTable(all: readonly FogCoordinator[], now: number): string {
  if (all.length < 2) return '';
  const rows = all.map(({ id, address, since, leads }) => [
    id,
    leads ? 'leads' : 'stands by',
    formatDuration(now - since),
    address,
  ]);
  return `${table([['COORDINATOR', 'ROLE', 'UP', 'ADDRESS'], ...rows])}\n`;
}

export function servicesTable(services: readonly ServiceStatus[]): string {
  const head = ['SERVICE', 'STATE', 'HEALTH', 'RESTARTS', 'DETAIL'];
  return table([head, ...serviceRows(services)], { right: [3] });
}

/** Services of one kind (`relay-1`, `relay-2` …) share a row. */
function serviceRows(services: readonly ServiceStatus[]): string[][] {
  const kinds = Map.groupBy(services, ({ name }) => name.replace(/-\d+$/, ''));
  return [...kinds].map(([kind, members]) => {
    const [only] = members;
    return members.length === 1 && only !== undefined ? serviceRow(only) : kindRow(kind, members);
  });
}

function serviceRow({ name, state, health, restarts, detail = '' }: ServiceStatus): string[] {
  return [name, state, health, String(restarts), detail];
}

function kindRow(kind: string, members: readonly ServiceStatus[]): string[] {
  const healthy = members.filter(({ health }) => health === 'healthy').length;
  const worst = members.find(({ health }) => health !== 'healthy');
  const detail = worst === undefined ? '' : `${worst.name}: ${worst.detail ?? worst.state}`;
  const restarts = members.reduce((sum, each) => sum + each.restarts, 0);
  const count = `${healthy} of ${members.length} healthy`;
  return [plural(kind), worst?.state ?? 'running', count, String(restarts), detail];
}

function plural(kind: string): string {
  return /[^aeiou]y$/.test(kind) ? `${kind.slice(0, -1)}ies` : `${kind}s`;
}
