/** The figures of `fog status`. */
import type { FogStatus } from '@fog/wire';
import type { Parts } from './assemble.ts';
import { tierReports } from './sla/sla-report.ts';

export function countsOf({
  core,
  deployments,
}: Pick<Parts, 'core' | 'deployments'>): Pick<FogStatus, 'nodes' | 'jobs' | 'deployments' | 'sla'> {
  const online = [...core.nodes.values()].filter((node) => node.link !== undefined);
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
  };
}
