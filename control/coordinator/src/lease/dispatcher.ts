/** Hands queued tasks to nodes: places them, issues leases, and sends them once they are durable. */
import { randomInt } from 'node:crypto';
import { arrayItem, CREDIT_PER_SLOT, type Lease, type LeasedJob } from '@fog/wire';
import {
  capacityFor,
  isRoutingStrategy,
  place,
  type PlacementNode,
  type PlacementOptions,
  type PlacementTask,
  type RouteState,
  type RoutingStrategyName,
} from '@fog/scheduler';
import type { AgentLink } from '../api.ts';
import type { Core } from '../core.ts';
import { JobQueues, type KindQueue } from '../job/job-queues.ts';
import type { JobRecord } from '../job/job-record.ts';
import { placementTask } from '../job/placement-task.ts';
import { placementNode } from '../registry/node-record.ts';
import { attemptRow, type LeaseRecord, leaseTimes } from './lease-record.ts';
import { leasedJob, workMessages } from './work-messages.ts';

/** Work a node should hold in advance: covers the round trip to the coordinator and back. */
const AHEAD_MS = 100;
/** Modules whose run time is remembered. */
const MAX_REMEMBERED_MODULES = 1_000;
/** Faces of the dice `random` throws: a draw as fine as any fleet needs. */
const DICE = 2 ** 32;
/** Weight of the newest run in the running mean. */
const RECENT_WEIGHT = 0.2;

export class Dispatcher {
  readonly #core: Core;
  readonly #queues = new JobQueues();
  readonly #runMs = new Map<string, number>();
  /** The node each routing strategy chose last. */
  readonly #lastRouted = new Map<RoutingStrategyName, string>();
  #round = 0;
  #kicked = false;
  #stopped = false;

  constructor(core: Core) {
    this.#core = core;
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Many calls in one turn make one round. */
  kick(): void {
    if (this.#kicked || this.#stopped) return;
    this.#kicked = true;
    queueMicrotask(() => {
      this.#kicked = false;
      if (!this.#stopped) this.#dispatch();
    });
  }

  enqueue(job: JobRecord): void {
    this.#queues.enqueue(job);
  }

  /** Learns how long this work runs, which decides how much of it a node holds in advance. */
  ran(job: JobRecord, wallMs: number): void {
    const module = job.spec.module;
    const before = this.#runMs.get(module);
    this.#runMs.delete(module);
    if (this.#runMs.size >= MAX_REMEMBERED_MODULES) {
      this.#runMs.delete(this.#runMs.keys().next().value ?? '');
    }
    const mean = before === undefined ? wallMs : before + (wallMs - before) * RECENT_WEIGHT;
    this.#runMs.set(module, mean);
  }

  task(job: JobRecord, index?: number): PlacementTask {
    return placementTask(job, this.#depth(job), index);
  }

  fleet(): PlacementNode[] {
    const fleet: PlacementNode[] = [];
    const now = this.#core.clock.now();
    for (const node of this.#core.nodes.values()) {
      if (node.link !== undefined) fleet.push(placementNode(node, node.link, now));
    }
    return fleet;
  }

  #depth(job: JobRecord): number {
    const runMs = this.#runMs.get(job.spec.module);
    if (runMs === undefined) return 1;
    return Math.min(CREDIT_PER_SLOT, Math.max(1, Math.ceil(AHEAD_MS / Math.max(1, runMs))));
  }

  /** What a strategy needs beside the fleet: whose turn it was, and dice. */
  routeState(strategy: RoutingStrategyName): RouteState {
    return { random: () => randomInt(DICE) / DICE, last: this.#lastRouted.get(strategy) };
  }

  /** The job's own strategy, else the fog's. */
  #placementOptions(job: JobRecord | undefined): PlacementOptions {
    const strategy = job?.spec.strategy ?? this.#core.options.strategy;
    if (!isRoutingStrategy(strategy)) return { seed: this.#round };
    return { seed: this.#round, route: { strategy, state: this.routeState(strategy) } };
  }

  #dispatch(): void {
    const sends = new Map<AgentLink, LeaseRecord[]>();
    for (const queue of this.#queues.kinds(this.#core.clock.now()))
      this.#dispatchKind(queue, sends);
    if (sends.size === 0) return;
    this.#core.journal.afterCommit(() => {
      for (const [link, leases] of sends) this.#send(link, leases);
    });
  }

  #dispatchKind(queue: KindQueue, sends: Map<AgentLink, LeaseRecord[]>): void {
    const fleet = this.fleet();
    if (queue.first === undefined) return;
    const chosen = queue.take(capacityFor(this.task(queue.first), fleet));
    this.#round += 1;
    const tasks = chosen.map(({ job, index }) => this.task(job, index));
    const placement = place(tasks, fleet, this.#placementOptions(queue.first ?? chosen[0]?.job));
    const last = placement.assignments.at(-1);
    if (last !== undefined && placement.strategy !== 'greedy') {
      this.#lastRouted.set(placement.strategy, last.node);
    }
    for (const { task, node } of placement.assignments) {
      const one = chosen[task];
      if (one !== undefined) this.#issue(one.job, one.index, node, sends);
    }
    for (const task of placement.unplaced) {
      const one = chosen[task];
      if (one !== undefined) queue.giveBack(one);
    }
  }

  #issue(
    job: JobRecord,
    index: number,
    nodeId: string,
    sends: Map<AgentLink, LeaseRecord[]>,
  ): void {
    const core = this.#core;
    const node = core.nodes.get(nodeId);
    if (node?.link === undefined) return;
    core.lastToken += 1;
    const lease: LeaseRecord = {
      token: core.lastToken,
      job,
      index,
      attempt: job.board.lease(index),
      node: nodeId,
      leasedAt: core.clock.now(),
      ...leaseTimes(core, job),
      state: 'leased',
      phase: undefined,
      uploads: new Map(),
    };
    job.leases.set(index, lease);
    job.tokens.add(lease.token);
    core.leases.set(lease.token, lease);
    node.leases.set(lease.token, lease);
    core.journal.attempt(attemptRow(lease, { state: 'leased' }));
    if (job.state === 'queued') {
      job.state = 'placing';
      core.journal.job(job);
      core.events.add(job, 'placing', { node: nodeId });
    }
    const batch = sends.get(node.link) ?? [];
    sends.set(node.link, batch);
    batch.push(lease);
  }

  #send(link: AgentLink, leases: readonly LeaseRecord[]): void {
    const current = leases.filter((lease) => lease.state === 'leased' && isOpen(lease));
    if (current.length === 0) return;
    const jobs = new Map<string, LeasedJob>();
    for (const { job } of current) if (!jobs.has(job.id)) jobs.set(job.id, leasedJob(job));
    const wire = current.map((lease): Lease => {
      const item = arrayItem(lease.job.spec, lease.index);
      return {
        token: lease.token,
        job: lease.job.id,
        index: lease.index,
        attempt: lease.attempt,
        leaseMs: this.#core.options.leaseMs,
        ...(item === undefined ? {} : { item }),
      };
    });
    for (const message of workMessages(jobs, wire)) link.send(message);
  }
}

function isOpen(lease: LeaseRecord): boolean {
  return lease.job.board.stateOf(lease.index) === 'leased';
}
