/** Hands queued tasks to nodes: places them, issues leases, and sends them once they are durable. */
import { randomInt } from 'node:crypto';
import { CREDIT_PER_SLOT } from '@fog/wire';
import {
  capacityFor,
  type ChosenTask,
  isRoutingStrategy,
  JobQueues,
  type KindPlan,
  type KindQueue,
  place,
  type PlacementNode,
  type PlacementOptions,
  type PlacementTask,
  refusalOf,
  type RouteState,
  type RoutingStrategyName,
  RunTimes,
} from '@fog/scheduler';
import type { AgentLink } from '../api.ts';
import { type Core, forgetLease } from '../core.ts';
import { siblingNodes } from '../deployment/deployment-record.ts';
import type { JobRecord } from '../job/job-record.ts';
import { placementTask } from '../job/placement-task.ts';
import type { NodeRecord } from '../registry/node-record.ts';
import { apartOf, isApart, offerCopy, wantFurtherCopies } from '../verify/copies.ts';
import { isReplicated } from '../verify/ballot.ts';
import { trustFloor } from '../verify/trust-gate.ts';
import { Backfill } from './backfill.ts';
import { FleetView } from './fleet-view.ts';
import { issueAlias, issueCopy, issueFirst, type LeaseOrder } from './issue-lease.ts';
import type { LeaseRecord } from './lease-record.ts';
import { preemptFor } from './preempt.ts';
import { recallLease } from './requeue.ts';
import { sendLeases } from './send-leases.ts';

/** Work a node should hold in advance: covers the round trip to the coordinator and back. */
const AHEAD_MS = 100;
/** Faces of the dice `random` throws: a draw as fine as any fleet needs. */
const DICE = 2 ** 32;

export class Dispatcher {
  readonly #core: Core;
  readonly #fleet: FleetView;
  readonly #backfill: Backfill;
  readonly queues = new JobQueues<JobRecord>((job) => this.usualMs(job));
  /** What decides how much of a program's work a node holds in advance, and where a plan sends it. */
  readonly runTimes = new RunTimes();
  /** Takes what is to be placed as a whole out of a queue before it is placed task by task. */
  collect: (queue: KindQueue<JobRecord>, fleet: readonly PlacementNode[]) => void = () => {};
  /** The node each routing strategy chose last. */
  readonly #lastRouted = new Map<RoutingStrategyName, string>();
  /** Trust that work of class S or A asks for in this round, by its kind. */
  readonly #trustFloors = new Map<string, number | undefined>();
  #round = 0;
  /** In this round some work found all slots busy: what comes after it may not queue up on them again. */
  #isSlotWanted = false;
  #kicked = false;
  #stopped = false;

  constructor(core: Core) {
    this.#core = core;
    this.#fleet = new FleetView(core, this.runTimes);
    this.#backfill = new Backfill(core, this);
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
    this.queues.enqueue(job);
  }

  /** Its slots are free, and it waits for none any more, unless a copy is to check its result. */
  ended(job: JobRecord): void {
    if (!job.board.ready) this.queues.remove(job);
    this.kick();
  }

  /** Learns how long this work runs, and where. */
  ran({ job, node }: LeaseRecord, wallMs: number): void {
    // It is the node that says so: no run takes longer than its limit.
    this.runTimes.ran(job.spec.module, node, Math.min(wallMs, job.spec.timeoutMs));
  }

  /** Running mean of what this program took; undefined before it ran. */
  usualMs(job: JobRecord): number | undefined {
    return this.runTimes.usualMs(job.spec.module);
  }

  task(job: JobRecord, index?: number): PlacementTask {
    const task = this.#gated(job, placementTask(job, this.#depth(job), index));
    if (job.replicaOf !== undefined) {
      return { ...task, avoid: new Set([...(task.avoid ?? []), ...siblingNodes(this.#core, job)]) };
    }
    const apart = index === undefined ? undefined : apartOf(this.#core, job, index);
    return apart === undefined ? task : { ...task, ...apart };
  }

  /** What class S and A ask of a node is found once a round. */
  #gated(job: JobRecord, task: PlacementTask): PlacementTask {
    if (!isReplicated(job)) return task;
    const key = `${job.kind} ${job.spec.allowSameOwner}`;
    if (!this.#trustFloors.has(key)) {
      this.#trustFloors.set(key, trustFloor(job, task, this.#fleet.known));
    }
    const floor = this.#trustFloors.get(key);
    return floor === undefined ? task : { ...task, minTrust: Math.max(floor, task.minTrust ?? 0) };
  }

  fleet(): PlacementNode[] {
    return this.#fleet.fresh();
  }

  /** The node that the last round kept for a wide task, and the kind of that. */
  get reserved(): { readonly node: string; readonly kind: string } | undefined {
    return this.#backfill.reserved;
  }

  /** Connected nodes that could take a task of the job now. */
  nodesFor(job: JobRecord): string[] {
    const task = this.task(job);
    const able = this.fleet().filter((node) => capacityFor(task, [node]) > 0);
    return able.map(({ id }) => id);
  }

  /** Gives a node a settled task under another job's id. */
  issueAlias(job: JobRecord, index: number, nodeId: string, alias: string): void {
    const node = this.#core.nodes.get(nodeId);
    const link = node?.link;
    if (link === undefined || node === undefined) return;
    const lease = issueAlias(this.#core, { job, index, node }, alias);
    this.#core.journal.afterCommit(() => sendLeases(this.#core, link, [lease]));
  }

  /** All that the node holds, or some of it, runs elsewhere, and counts no more if it comes; the node is told to stop it. */
  takeBack(
    node: NodeRecord,
    reason: string,
    leases: readonly LeaseRecord[] = [...node.leases.values()],
  ): void {
    const tokens = leases.map(({ token }) => token);
    this.#fleet.forget();
    for (const lease of leases) {
      recallLease(this.#core, this, lease, reason);
      forgetLease(this.#core, lease);
      const { job, index } = lease;
      if (job.leases.get(index) === lease) job.leases.delete(index);
    }
    if (tokens.length > 0) node.link?.send({ type: 'cancel', tokens, reason });
  }

  #depth(job: JobRecord): number {
    // A service keeps its slot: nothing may wait behind it.
    if (job.spec.service === true || this.#isSlotWanted) return 1;
    const runMs = this.usualMs(job);
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
    this.#trustFloors.clear();
    this.#isSlotWanted = false;
    this.#backfill.begin();
    this.#fleet.forget();
    for (const queue of this.queues.kinds(this.#core.clock.now())) this.#dispatchKind(queue, sends);
    this.#fleet.forget();
    if (sends.size === 0) return;
    this.#core.journal.afterCommit(() => {
      for (const [link, leases] of sends) sendLeases(this.#core, link, leases);
    });
  }

  /** Room that is made for a kind goes to it before anybody else has a turn. */
  #dispatchKind(queue: KindQueue<JobRecord>, sends: Map<AgentLink, LeaseRecord[]>): void {
    this.#placeKind(queue, sends);
    while (this.#preempt(queue)) {
      const before = queue.taken;
      this.#placeKind(queue, sends);
      // Room that is not used stays unused if there is more of it.
      if (queue.taken === before) return;
    }
  }

  #preempt({ first, plan }: KindQueue<JobRecord>): boolean {
    const isFirst = first?.board.ready === true;
    const job = isFirst ? first : plan?.wanting;
    if (job === undefined) return false;
    // What is taken back on a node that is kept would be of no use to it.
    const usable = (): readonly PlacementNode[] =>
      this.#fleetFor(job).filter(({ id }) => isFirst || plan?.uses(id) === true);
    return preemptFor(this.#core, this, job, usable);
  }

  #placeKind(queue: KindQueue<JobRecord>, sends: Map<AgentLink, LeaseRecord[]>): void {
    if (queue.first !== undefined) this.collect(queue, this.#fleet.hold());
    const { first, plan } = queue;
    // Copies first: what was begun is ended before more is begun. Then what is due first, planned or not.
    const isFirst = first?.board.onlyCopy !== undefined || dueOf(first) < dueOf(plan?.wanting);
    if (isFirst && first !== undefined) this.#placeQueued(queue, first, sends);
    if (plan !== undefined) this.#placePlanned(queue, plan, sends);
    if (!isFirst && queue.first !== undefined) this.#placeQueued(queue, queue.first, sends);
  }

  #placeQueued(
    queue: KindQueue<JobRecord>,
    first: JobRecord,
    sends: Map<AgentLink, LeaseRecord[]>,
  ): void {
    const fleet = this.#fleetFor(first);
    const isService = first.spec.service === true;
    const chosen = this.#choose(queue, first, fleet);
    this.#round += 1;
    const tasks = chosen.map(({ job, index }) => this.task(job, index));
    const placement = place(tasks, fleet, this.#placementOptions(queue.first ?? chosen[0]?.job));
    const last = placement.assignments.at(-1);
    if (last !== undefined && placement.strategy !== 'greedy') {
      this.#lastRouted.set(placement.strategy, last.node);
    }
    if (placement.assignments.length > 0) this.#fleet.forget();
    for (const { task, node } of placement.assignments) {
      const one = chosen[task];
      if (one !== undefined) this.#issue(one.job, one.index, node, sends);
    }
    if (isService && placement.assignments.length > 0) this.kick();
    for (const task of placement.unplaced) {
      const one = chosen[task];
      if (one === undefined) continue;
      if (isCopyWanted(one)) one.job.board.wantCopy(one.index);
      queue.giveBack(one);
    }
    this.#reserveForFirst(placement.unplaced, chosen);
  }

  /** Each node gets what the plan has for it, as far as it has room. */
  #placePlanned(
    queue: KindQueue<JobRecord>,
    plan: KindPlan<JobRecord>,
    sends: Map<AgentLink, LeaseRecord[]>,
  ): void {
    const job = plan.wanting;
    if (job === undefined) return;
    const task = this.task(job);
    for (const node of this.#fleetFor(job)) {
      if (plan.waitingOn(node.id) === 0) continue;
      const room = capacityFor(task, [node]);
      this.#isSlotWanted ||= room === 0 && node.slots > 0 && refusalOf(task, node) === undefined;
      if (room === 0) this.#backfill.reserve(job, task, [node]);
      this.#issueAll(queue, plan.take(node.id, room), () => node.id, sends);
    }
    if (plan.anywhere === 0) return;
    const fleet = this.#fleetFor(job);
    const room = capacityFor(task, fleet);
    this.#isSlotWanted ||= room === 0 && fleet.some((node) => refusalOf(task, node) === undefined);
    // Without room one is tried all the same: its node is kept.
    const chosen = plan.takeAnywhere(Math.max(1, room));
    this.#round += 1;
    const tasks = chosen.map((one) => this.task(one.job, one.index));
    const { assignments, unplaced } = place(tasks, fleet, { seed: this.#round });
    const nodes = new Map(assignments.map(({ task: at, node }) => [at, node]));
    this.#issueAll(queue, chosen, (at) => nodes.get(at), sends);
    for (const at of unplaced) if (chosen[at] !== undefined) plan.putBack(chosen[at]);
    this.#reserveForFirst(unplaced, chosen);
  }

  /** Of those that found no node: each has its own that it keeps away from. */
  #reserveForFirst([first]: readonly number[], chosen: readonly ChosenTask<JobRecord>[]): void {
    const one = first === undefined ? undefined : chosen[first];
    if (one === undefined) return;
    this.#backfill.reserve(one.job, this.task(one.job, one.index), this.#fleet.hold());
  }

  #issueAll(
    queue: KindQueue<JobRecord>,
    tasks: readonly ChosenTask<JobRecord>[],
    nodeOf: (at: number) => string | undefined,
    sends: Map<AgentLink, LeaseRecord[]>,
  ): void {
    for (const [at, { job, index }] of tasks.entries()) {
      const node = nodeOf(at);
      if (node === undefined) continue;
      queue.taken += 1;
      this.#fleet.forget();
      this.#issue(job, index, node, sends);
    }
  }

  /** As many tasks as there is room for; replicas one by one, for each avoids the nodes of those before it. */
  #choose(
    queue: KindQueue<JobRecord>,
    job: JobRecord,
    fleet: readonly PlacementNode[],
  ): ChosenTask<JobRecord>[] {
    const task = this.task(job);
    const room = capacityFor(task, fleet);
    this.#isSlotWanted ||= room === 0 && this.#couldRun(job, fleet);
    if (room === 0 && job.board.ready) {
      this.#backfill.reserve(job, this.task(job, job.board.next), fleet);
    }
    return queue.take(job.spec.service === true ? Math.min(1, room) : room);
  }

  /** What is reserved for more urgent work is left out. */
  #fleetFor(job: JobRecord): readonly PlacementNode[] {
    return this.#backfill.nodesFor(job, this.#fleet.hold());
  }

  #couldRun(job: JobRecord, fleet: readonly PlacementNode[]): boolean {
    if (!job.board.ready) return false;
    const task = this.task(job, job.board.onlyCopy);
    return fleet.some((node) => node.slots > 0 && refusalOf(task, node) === undefined);
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
    const isFirst = job.board.stateOf(index) === 'queued';
    // Two copies of a task may have been placed in one round.
    if (!isApart(core, job, index, nodeId)) return this.#offerAgain(job, index);
    const order: LeaseOrder = { job, index, node };
    const lease = isFirst ? issueFirst(core, order) : issueCopy(core, order);
    if (lease === undefined) return;
    if (isFirst) wantFurtherCopies(this, job, index);
    if (isCopyWanted({ job, index })) offerCopy(this, job, index);
    const batch = sends.get(node.link) ?? [];
    sends.set(node.link, batch);
    batch.push(lease);
  }

  #offerAgain(job: JobRecord, index: number): void {
    if (isCopyWanted({ job, index })) job.board.wantCopy(index);
    job.board.giveBack(index);
    this.enqueue(job);
    this.kick();
  }
}

function isCopyWanted({
  job,
  index,
}: {
  readonly job: JobRecord;
  readonly index: number;
}): boolean {
  return (job.ballots.get(index)?.wanted ?? 0) > 0;
}

function dueOf(job: JobRecord | undefined): number {
  return job?.spec.deadlineAt ?? Infinity;
}
