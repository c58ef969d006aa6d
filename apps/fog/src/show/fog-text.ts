import { formatDuration, formatSize } from '@fog/kernel';
import type { FogCoordinator, FogNode, FogStatus, ServiceStatus } from '@fog/wire';
import { table } from './table.ts';
import { ago } from './time.ts';

export function statusText(status: FogStatus, url: string): string {
  const { nodes, jobs } = status;
  const lines = [
    `fog       ${status.fogId} at ${url}, version ${status.version}, up ${formatDuration(status.time - status.startedAt)}`,
    `nodes     ${nodes.online} of ${nodes.total} online, ${nodes.busySlots} of ${nodes.slots} slots busy`,
    `jobs      ${jobs.open} open, ${jobs.ended} ended; tasks: ${jobs.runningTasks} running, ${jobs.queuedTasks} waiting`,
  ];
  const coordinators = coordinatorsTable(status.coordinators ?? [], status.time);
  return `${lines.join('\n')}\n\n${coordinators}${servicesTable(status.services)}`;
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

export function nodesTable(nodes: readonly FogNode[], now: number): string {
  const rows = nodes.map(({ capabilities, ...node }) => [
    node.id,
    node.name,
    node.status,
    `${node.running}/${capabilities.slots}`,
    String(node.settled),
    String(node.failed),
    `${capabilities.platform}/${capabilities.arch}`,
    formatSize(capabilities.memoryBytes),
    capabilities.sandboxLevel,
    capabilities.runtimes.join(','),
    ago(now, node.lastSeenAt),
  ]);
  const head = [
    'NODE',
    'NAME',
    'STATUS',
    'SLOTS',
    'DONE',
    'FAILED',
    'MACHINE',
    'MEMORY',
    'SANDBOX',
    'RUNS',
    'SEEN',
  ];
  return table([head, ...rows], { right: [3, 4, 5] });
}
