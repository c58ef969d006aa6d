/** How a replica is, from its job, its node and what was heard of it. */
import { formatDuration } from '@fog/kernel';
import type { HealthProbe } from '@fog/wire';
import type { Core } from '../core.ts';
import type { DeploymentRecord, Slot, SlotHealth } from './deployment-record.ts';
import { PROVEN_MS, STABLE_MS } from './limits.ts';
import type { SlotState } from './reconcile.ts';

/** Brings what the slot knows of its replica up to this moment. */
export function observe(core: Core, { spec }: DeploymentRecord, slot: Slot): SlotState['run'] {
  const nowMs = core.clock.monotonicMs();
  const lease = slot.job?.leases.get(0);
  const isRunning = lease?.state === 'leased' && slot.job?.state === 'running';
  slot.node = lease?.state === 'leased' ? lease.node : slot.node;
  if (!isRunning) {
    slot.runningSinceMs = undefined;
    slot.hasSpoken = false;
  } else slot.runningSinceMs ??= nowMs;
  // Nothing is heard of a node that is not connected, so its silence says nothing.
  const isHeard = isRunning && core.nodes.get(lease.node)?.link !== undefined;
  if (!isHeard || slot.quietSinceMs === 0) slot.quietSinceMs = nowMs;
  const run = runOf(spec.probe, slot, nowMs);
  noteHealth(core, slot, run);
  return run;
}

function runOf(probe: HealthProbe, slot: Slot, nowMs: number): SlotState['run'] {
  if (slot.stopping !== undefined) return 'stopping';
  if (slot.isSubmitting) return 'starting';
  if (slot.job === undefined) return 'none';
  if (slot.runningSinceMs === undefined) return 'starting';
  if (probe.kind === 'output') {
    if (nowMs - slot.quietSinceMs > probe.withinMs) return 'silent';
    if (!slot.hasSpoken) return 'starting';
  }
  // After a crash it must last.
  const isProven = slot.crashes === 0 || nowMs - slot.runningSinceMs >= PROVEN_MS;
  return isProven ? 'healthy' : 'starting';
}

function noteHealth(core: Core, slot: Slot, run: SlotState['run']): void {
  const nowMs = core.clock.monotonicMs();
  if (run === 'healthy') slot.healthySinceMs ??= nowMs;
  else slot.healthySinceMs = undefined;
  if (slot.healthySinceMs !== undefined && nowMs - slot.healthySinceMs >= STABLE_MS) {
    slot.crashes = 0;
  }
  const health = healthOf(slot, run);
  if (health !== slot.health) slot.since = core.clock.now();
  slot.health = health;
}

function healthOf({ crashes }: Slot, run: SlotState['run']): SlotHealth {
  if (run === 'healthy' || run === 'stopping') return run;
  return run === 'silent' || crashes > 0 ? 'unhealthy' : 'starting';
}

export function isProven({ healthySinceMs }: Slot, nowMs: number): boolean {
  return healthySinceMs !== undefined && nowMs - healthySinceMs >= PROVEN_MS;
}

/** One sentence for a person; undefined when there is nothing to say. */
export function detailOf(slot: Slot, nowMs: number): string | undefined {
  if (slot.health === 'healthy' || slot.health === 'stopping') return undefined;
  if (slot.crashes === 0) return undefined;
  const times = slot.crashes === 1 ? 'once' : `${slot.crashes} times in a row`;
  const waitMs = slot.waitUntilMs - nowMs;
  const isWaiting = slot.job === undefined && waitMs > 0;
  const next = isWaiting ? `; starts again in ${formatDuration(waitMs)}` : '';
  return `failed ${times}: ${slot.failure ?? 'unknown'}${next}`;
}
