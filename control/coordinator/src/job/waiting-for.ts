import { formatSize } from '@fog/kernel';
import {
  explainPlacement,
  type PlacementNode,
  type PlacementTask,
  type Refusal,
} from '@fog/scheduler';
import { MAX_EXPLAINED_NODES } from '../limits.ts';
import type { JobRecord } from './job-record.ts';

const REASONS: Readonly<Record<Exclude<Refusal, 'full'>, (task: PlacementTask) => string>> = {
  runtime: (task) => `cannot run ${task.runtime}`,
  'sandbox-level': (task) =>
    `runs ${task.runtime} of its own owner only, because it has no bubblewrap`,
  memory: (task) => `has less than ${formatSize(task.memoryBytes)} of memory`,
};

/** Why a queued job does not run, in one sentence; undefined when a node could take it at once. */
export function waitingFor(
  job: JobRecord,
  task: PlacementTask,
  fleet: readonly PlacementNode[],
  nameOf: (node: string) => string,
): string | undefined {
  if (job.state !== 'queued') return undefined;
  if (fleet.length === 0) return 'waits for a node: none is connected';
  const refusals = explainPlacement(task, fleet);
  if (refusals.length === 0) return undefined;
  if (refusals.some(({ refusal }) => refusal === 'full')) return 'waits for a free slot';
  const reasons = refusals
    .slice(0, MAX_EXPLAINED_NODES)
    .map(({ node, refusal }) =>
      refusal === 'full' ? '' : `${nameOf(node)} ${REASONS[refusal](task)}`,
    );
  return `waits for a node that can run it: ${reasons.join('; ')}`;
}
