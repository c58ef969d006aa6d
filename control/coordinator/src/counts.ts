/** The figures of `fog status`. */
import type { TrustCounts } from '@fog/wire';
import type { Counts } from './api.ts';
import type { Parts } from './assemble.ts';
import type { Core } from './core.ts';
import type { NodeRecord } from './registry/node-record.ts';
import { tierReports } from './sla/sla-report.ts';

export function countsOf({
  core,
  deployments,
  retention,
}: Pick<Parts, 'core' | 'deployments' | 'retention'>): Counts {
  const online = onlineOf(core);
  const slots = online.reduce((sum, node) => sum + node.capabilities.slots, 0);
  const busySlots = online.reduce(
    (sum, node) => sum + Math.min(node.leases.size, node.capabilities.slots),
    0,
  );
  let queuedTasks = 0;
  let runningTasks = 0;
  for (const { board } of core.jobs.values()) {
    queuedTasks += board.count('queued');
    runningTasks += board.count('leased');
  }
  return {
    nodes: { total: core.nodes.size, online: online.length, slots, busySlots },
    jobs: { open: core.jobs.size, ended: core.endedJobs, queuedTasks, runningTasks },
    deployments: deployments.counts(),
    sla: tierReports(core),
    trust: trustCounts(core),
    retention: retention.view,
  };
}

function onlineOf({ nodes }: Core): NodeRecord[] {
  return [...nodes.values()].filter((node) => node.link !== undefined);
}

export function trustCounts(core: Core): TrustCounts {
  const counts = { known: 0, newcomers: 0, distrusted: 0 };
  for (const { id } of onlineOf(core)) {
    const { isNewcomer, isDistrusted } = core.reputation.standing(id, core.clock.now());
    counts[isDistrusted ? 'distrusted' : isNewcomer ? 'newcomers' : 'known'] += 1;
  }
  return counts;
}
