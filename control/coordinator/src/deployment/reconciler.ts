/** Keeps each deployment at what is wanted: looks after every event of a replica, and each second. */
import { errorMessage, isFogError } from '@fog/kernel';
import type { JobSpec } from '@fog/wire';
import type { Core } from '../core.ts';
import { cancelJob } from '../job/lifecycle.ts';
import type { JobRecord } from '../job/job-record.ts';
import type { Submissions } from '../job/submissions.ts';
import type { Dispatcher } from '../lease/dispatcher.ts';
import { type DeploymentRecord, fillSlot, newSlot, type Slot } from './deployment-record.ts';
import { isProven, observe } from './health.ts';
import {
  BACKOFF_BASE_MS,
  BACKOFF_MAX_MS,
  MAX_COUNTED_CRASHES,
  MAX_FAILURE_CHARS,
  REPLICA_RETRIES,
  STABLE_MS,
  TICK_MS,
} from './limits.ts';
import { type Action, reconcile, type SlotState } from './reconcile.ts';

interface ReconcilerParts {
  readonly core: Core;
  readonly dispatcher: Dispatcher;
  readonly submit: Submissions['submitReplica'];
}

const STOP_CAUSES = {
  surplus: 'the deployment wants fewer replicas',
  silent: 'its health probe heard no output',
  update: 'a new version of the deployment takes its place',
} as const;

export class Reconciler {
  readonly #parts: ReconcilerParts;
  readonly #poked = new Set<DeploymentRecord>();
  #stopTicks: (() => void) | undefined;

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
  }

  start(): void {
    const { clock, deployments } = this.#parts.core;
    const lookAtAll = (): void => {
      for (const deployment of deployments.values()) this.poke(deployment);
    };
    this.#stopTicks = clock.every(TICK_MS, lookAtAll);
    lookAtAll();
  }

  stop(): void {
    this.#stopTicks?.();
    this.#stopTicks = undefined;
    for (const { slots } of this.#parts.core.deployments.values()) {
      for (const slot of slots.values()) slot.unfollow?.();
    }
  }

  /** Many calls in one turn are one look. */
  poke(deployment: DeploymentRecord): void {
    if (this.#poked.size === 0) queueMicrotask(() => this.#look());
    this.#poked.add(deployment);
  }

  /** A replica's job is stored, or was before this start: it fills its slot, or ends when there is none. */
  adopt(job: JobRecord): void {
    if (job.replicaOf === undefined) return;
    const { core } = this.#parts;
    const deployment = core.deployments.get(job.replicaOf.deployment);
    const slot = fillSlot(core, job);
    if (deployment === undefined || slot === undefined) {
      return cancelJob(core, job, 'its deployment no longer wants it');
    }
    slot.unfollow ??= core.listeners.followJob(job.id, {
      event: () => this.poke(deployment),
      output: () => {
        slot.quietSinceMs = core.clock.monotonicMs();
        if (!slot.hasSpoken) this.poke(deployment);
        slot.hasSpoken = true;
      },
    });
    this.poke(deployment);
  }

  /** The end of a replica's job is durable. */
  ended(job: JobRecord): void {
    const { core } = this.#parts;
    const deployment = core.deployments.get(job.replicaOf?.deployment ?? '');
    const slot = deployment?.slots.get(job.replicaOf?.slot ?? -1);
    if (deployment === undefined || slot?.job !== job) return;
    const nowMs = core.clock.monotonicMs();
    const ranMs = slot.runningSinceMs === undefined ? 0 : nowMs - slot.runningSinceMs;
    const crash = crashOf(slot, job);
    slot.job = undefined;
    slot.unfollow?.();
    slot.unfollow = undefined;
    slot.stopping = undefined;
    slot.runningSinceMs = undefined;
    slot.healthySinceMs = undefined;
    if (crash !== undefined) {
      if (ranMs >= STABLE_MS) slot.crashes = 0;
      noteCrash(slot, crash, nowMs);
    }
    this.poke(deployment);
  }

  /** Ends all replicas; the deployment is no longer known when this is called. */
  endAll(deployment: DeploymentRecord): void {
    const { core, dispatcher } = this.#parts;
    for (const slot of deployment.slots.values()) {
      slot.unfollow?.();
      slot.health = 'stopping';
      if (slot.job !== undefined) cancelJob(core, slot.job, 'its deployment was deleted');
    }
    dispatcher.kick();
  }

  #look(): void {
    const poked = [...this.#poked];
    this.#poked.clear();
    if (this.#stopTicks === undefined) return;
    for (const deployment of poked) {
      try {
        this.#reconcile(deployment);
      } catch (error) {
        // The term is over: the next one looks again.
        if (!isFogError(error, 'COORDINATOR_STOPPED')) throw error;
      }
    }
  }

  #reconcile(deployment: DeploymentRecord): void {
    const { core } = this.#parts;
    if (core.deployments.get(deployment.id) !== deployment) return;
    const { spec, version, slots } = deployment;
    for (let slot = 0; slot < spec.replicas; slot += 1) {
      if (!slots.has(slot)) slots.set(slot, newSlot(slot, core.clock.now()));
    }
    const nowMs = core.clock.monotonicMs();
    const states = [...slots.values()].map((slot) => this.#stateOf(deployment, slot, nowMs));
    const plan = { wanted: spec.replicas, version, maxUnavailable: spec.maxUnavailable };
    for (const action of reconcile(plan, states, nowMs)) this.#act(deployment, action);
    for (const [key, slot] of slots) {
      if (key >= spec.replicas && slot.job === undefined && !slot.isSubmitting) slots.delete(key);
    }
  }

  #stateOf(deployment: DeploymentRecord, slot: Slot, nowMs: number): SlotState {
    const { core } = this.#parts;
    return {
      slot: slot.slot,
      version: slot.version,
      run: observe(core, deployment, slot),
      isProven: isProven(slot, nowMs),
      waitUntilMs: slot.waitUntilMs,
      canMove: this.#canMove(slot),
    };
  }

  #canMove({ job, stopping }: Slot): boolean {
    const lease = job?.leases.get(0);
    if (job === undefined || lease?.state !== 'leased' || stopping !== undefined) return false;
    const { core, dispatcher } = this.#parts;
    if (core.nodes.get(lease.node)?.mode !== 'draining') return false;
    return dispatcher.nodesFor(job).length > 0;
  }

  #act(deployment: DeploymentRecord, action: Action): void {
    const { core, dispatcher } = this.#parts;
    const slot = deployment.slots.get(action.slot);
    if (slot === undefined) return;
    if (action.kind === 'start') return this.#startReplica(deployment, slot, action.version);
    if (slot.job === undefined) return;
    if (action.kind === 'stop') {
      slot.stopping = action.because;
      cancelJob(core, slot.job, STOP_CAUSES[action.because]);
      observe(core, deployment, slot);
      return dispatcher.kick();
    }
    const lease = slot.job.leases.get(0);
    const node = core.nodes.get(lease?.node ?? '');
    if (lease === undefined || node === undefined) return;
    dispatcher.takeBack(node, 'its node is draining', [lease]);
    observe(core, deployment, slot);
  }

  #startReplica(deployment: DeploymentRecord, slot: Slot, version: number): void {
    const { core, submit } = this.#parts;
    const spec = version === deployment.version ? deployment.spec.job : slot.spec;
    if (spec === undefined || slot.isSubmitting) return;
    if (slot.version === version) slot.restarts += slot.jobId === undefined ? 0 : 1;
    else {
      slot.restarts = 0;
      slot.crashes = 0;
      slot.failure = undefined;
    }
    slot.version = version;
    slot.spec = spec;
    slot.isSubmitting = true;
    const replicaOf = { deployment: deployment.id, slot: slot.slot, version };
    submit(deployment.owner, replicaSpec(deployment, slot, spec), replicaOf)
      .catch((error: unknown) => {
        if (!isFogError(error, 'COORDINATOR_STOPPED')) {
          noteCrash(slot, `it cannot be started: ${errorMessage(error)}`, core.clock.monotonicMs());
        }
      })
      .finally(() => {
        slot.isSubmitting = false;
        this.poke(deployment);
      });
  }
}

function replicaSpec({ spec }: DeploymentRecord, { slot }: Slot, job: JobSpec): JobSpec {
  return {
    ...job,
    name: `${spec.name}-${slot}`.slice(-128),
    service: true,
    retries: REPLICA_RETRIES,
  };
}

/** Why its end was a crash; undefined when it was asked for, or its node was lost. */
function crashOf({ stopping }: Slot, { state, failure }: JobRecord): string | undefined {
  if (stopping === 'silent') return STOP_CAUSES.silent;
  if (stopping !== undefined || state === 'cancelled' || failure?.code === 'NODE_LOST') {
    return undefined;
  }
  if (failure === undefined) return 'the program ended with exit code 0, but a service goes on';
  return `${failure.code}: ${failure.message}`;
}

function noteCrash(slot: Slot, failure: string, nowMs: number): void {
  slot.crashes += 1;
  slot.failure = failure.slice(0, MAX_FAILURE_CHARS);
  const doublings = Math.min(slot.crashes, MAX_COUNTED_CRASHES) - 1;
  slot.waitUntilMs = nowMs + Math.min(BACKOFF_MAX_MS, BACKOFF_BASE_MS * 2 ** doublings);
}
