import type { Ending, PlacementNode } from '@fog/scheduler';
import { slotsFor } from '@fog/scheduler';
import type { Core } from '../core.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { LeaseRecord } from './lease-record.ts';

/** When what the node runs will free its slots and GPUs: after its usual run time, or else its limit. A service never does. */
export function endingsOn(core: Core, dispatcher: Dispatcher, { id }: PlacementNode): Ending[] {
  const node = core.nodes.get(id);
  if (node === undefined) return [];
  const nowMs = core.clock.monotonicMs();
  const ending = (lease: LeaseRecord): Ending => {
    const { job, phase, phaseSinceMs } = lease;
    const runMs = dispatcher.runTimes.onNode(job.spec.module, id) ?? job.spec.timeoutMs;
    const ranMs = phase === 'running' ? nowMs - phaseSinceMs : 0;
    return {
      slots: slotsFor(job.demands, node.capabilities),
      gpus: job.demands.gpus ?? 0,
      inMs: Math.max(0, runMs - ranMs),
    };
  };
  return [...node.leases.values()].filter(({ job }) => job.spec.service !== true).map(ending);
}
