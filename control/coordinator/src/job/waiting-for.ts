import {
  explainPlacement,
  explainRefusal,
  type PlacementNode,
  type PlacementTask,
} from '@fog/scheduler';
import { MAX_EXPLAINED_NODES } from '../limits.ts';
import type { JobRecord } from './job-record.ts';

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
  const reasons = refusals.slice(0, MAX_EXPLAINED_NODES).map(({ node: id, refusal }) => {
    const node = fleet.find((one) => one.id === id);
    return node === undefined ? '' : `${nameOf(id)} ${explainRefusal(refusal, task, node)}`;
  });
  return `waits for a node that can run it: ${reasons.join('; ')}`;
}
