import { formatDuration, formatSize } from '@fog/kernel';
import type { FogNode, FogStatus, ServiceStatus } from '@fog/wire';
import { table } from './table.ts';
import { ago } from './time.ts';

export function statusText(status: FogStatus, url: string): string {
  const { nodes, jobs } = status;
  const lines = [
    `fog       ${status.fogId} at ${url}, version ${status.version}, up ${formatDuration(status.time - status.startedAt)}`,
    `nodes     ${nodes.online} of ${nodes.total} online, ${nodes.busySlots} of ${nodes.slots} slots busy`,
    `jobs      ${jobs.open} open, ${jobs.ended} ended; tasks: ${jobs.runningTasks} running, ${jobs.queuedTasks} waiting`,
  ];
  return `${lines.join('\n')}\n\n${servicesTable(status.services)}`;
}

export function servicesTable(services: readonly ServiceStatus[]): string {
  const rows = services.map((service) => [
    service.name,
    service.state,
    service.health,
    String(service.restarts),
    service.detail ?? '',
  ]);
  const head = ['SERVICE', 'STATE', 'HEALTH', 'RESTARTS', 'DETAIL'];
  return table([head, ...rows], { right: [3] });
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
