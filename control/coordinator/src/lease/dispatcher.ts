/** Hands queued tasks to nodes: places them, issues leases, and sends them once they are durable. */
import { randomInt } from 'node:crypto';
import {
  arrayItem,
  type Capabilities,
  CREDIT_PER_SLOT,
  type Lease,
  type LeasedJob,
} from '@fog/wire';
import {
  besides,
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
  type Reservation,
  reserveFor,
  type RouteState,
  type RoutingStrategyName,
  RunTimes,
} from '@fog/scheduler';
import type { AgentLink } from '../api.ts';
import { type Core, forgetLease } from '../core.ts';
import { siblingNodes } from '../deployment/deployment-record.ts';
import type { JobRecord } from '../job/job-record.ts';
import { placementTask } from '../job/placement-task.ts';
import { type NodeRecord, placementNode } from '../registry/node-record.ts';
import { apartOf, isApart, offerCopy, wantFurtherCopies } from '../verify/copies.ts';
import { isReplicated } from '../verify/ballot.ts';
import { trustFloor } from '../verify/trust-gate.ts';
import { endingsOn } from './endings.ts';
import { issueAlias, issueCopy, issueFirst, type LeaseOrder } from './issue-lease.ts';
import type { LeaseRecord } from './lease-record.ts';
import { preemptFor } from './preempt.ts';
import { recallLease } from './requeue.ts';
import { leasedJob, workMessages } from './work-messages.ts';

/** Work a node should hold in advance: covers the round trip to the coordinator and back. */
const AHEAD_MS = 100;
/** How long a node counts for as good as it was drawn: short beside the work it decides about. */
const DRAW_EVERY_MS = 100;
/** A machine is taken to be so many times faster or slower than usual at most, until its runs tell. */
const MAX_CLAIMED_SPEED = 8;
/** Faces of the dice `random` throws: a draw as fine as any fleet needs. */
const DICE = 2 ** 32;

export class Dispatcher {
  readonly #core: Core;
  readonly queues = new JobQueues<JobRecord>((job) => this.usualMs(job));
  /** What decides how much of a program's work a node holds in advance, and where a plan sends it. */
  readonly runTimes = new RunTimes();
  /** Takes what is to be placed as a whole out of a queue before it is placed task by task. */
  collect: (queue: KindQueue<JobRecord>, fleet: readonly PlacementNode[]) => void = () => {};
  /** The node each routing strategy chose last. */
  readonly #lastRouted = new Map<RoutingStrategyName, string>();
  /** Drawn a moment ago. */
  readonly #trustSamples = new Map<string, number>();
  #drawnMs = -Infinity;
  /** Trust that work of class S or A asks for in this round, by its kind. */
  readonly #trustFloors = new Map<string, number | undefined>();
  #round = 0;
  /** In this round some work found all slots busy: what comes after it may not queue up on them again. */
  #isSlotWanted = false;
  /** What the most urgent wide task waits for: kept from what comes after it in this round. */
  #reserved: (Reservation & { readonly kind: string }) | undefined;
  /** The connected nodes as they are in this round, until one is given or loses a lease. */
  #fleetNow: PlacementNode[] | undefined;
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
      this.#trustFloors.set(key, trustFloor(job, task, this.#fleetNow ?? this.fleet()));
    }
    const floor = this.#trustFloors.get(key);
    return floor === undefined ? task : { ...task, minTrust: Math.max(floor, task.minTrust ?? 0) };
  }

  fleet(): PlacementNode[] {
    const fleet: PlacementNode[] = [];
    const usual = usualSpeed(this.#core);
    for (const node of this.#core.nodes.values()) {
      const { id, link, capabilities } = node;
      if (link === undefined) continue;
      const known = placementNode(this.#core, node, link);
      const speed = this.runTimes.paceOf(id) ?? claimedSpeed(capabilities, usual);
      const warm = this.runTimes.ranOn(id);
      const trustSample = this.#trustSample(id);
      fleet.push({ ...known, trustSample, speed, ...(warm === undefined ? {} : { warm }) });
    }
    return fleet;
  }

  /** One draw for all rounds of a moment: thousands of nodes are not drawn for again with each result. */
  #trustSample(node: string): number {
    const { reputation, clock, verify } = this.#core;
    if (clock.monotonicMs() - this.#drawnMs >= DRAW_EVERY_MS) {
      this.#trustSamples.clear();
      this.#drawnMs = clock.monotonicMs();
    }
    const drawn = this.#trustSamples.get(node);
    if (drawn !== undefined) return drawn;
    const sample = reputation.sample(node, clock.now(), verify.random);
    this.#trustSamples.set(node, sample);
    return sample;
  }

  /** The node that the last round kept for a wide task, and the kind of that. */
  get reserved(): { readonly node: string; readonly kind: string } | undefined {
    return this.#reserved;
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
    this.#core.journal.afterCommit(() => this.#send(link, [lease]));
  }

  /** All that the node holds, or some of it, runs elsewhere, and counts no more if it comes; the node is told to stop it. */
  takeBack(
    node: NodeRecord,
    reason: string,
    leases: readonly LeaseRecord[] = [...node.leases.values()],
  ): void {
    const tokens = leases.map(({ token }) => token);
    this.#fleetNow = undefined;
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
    this.#reserved = undefined;
    this.#fleetNow = undefined;
    for (const queue of this.queues.kinds(this.#core.clock.now())) this.#dispatchKind(queue, sends);
    this.#fleetNow = undefined;
    if (sends.size === 0) return;
    this.#core.journal.afterCommit(() => {
      for (const [link, leases] of sends) this.#send(link, leases);
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
    if (first?.board.ready === true) return preemptFor(this.#core, this, first);
    const wanting = plan?.wanting;
    if (wanting === undefined) return false;
    return preemptFor(this.#core, this, wanting, (node) => plan?.uses(node) === true);
  }

  #placeKind(queue: KindQueue<JobRecord>, sends: Map<AgentLink, LeaseRecord[]>): void {
    if (queue.first !== undefined) this.collect(queue, (this.#fleetNow ??= this.fleet()));
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
    if (placement.assignments.length > 0) this.#fleetNow = undefined;
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
      if (room === 0) this.#reserve(job, task, [node]);
      this.#issueAll(queue, plan.take(node.id, room), () => node.id, sends);
    }
    if (plan.anywhere === 0) return;
    const fleet = this.#fleetFor(job);
    const room = capacityFor(task, fleet);
    this.#isSlotWanted ||= room === 0 && fleet.some((node) => refusalOf(task, node) === undefined);
    if (room === 0) this.#reserve(job, task, fleet);
    const chosen = plan.takeAnywhere(room);
    this.#round += 1;
    const tasks = chosen.map((one) => this.task(one.job, one.index));
    const { assignments, unplaced } = place(tasks, fleet, { seed: this.#round });
    const nodes = new Map(assignments.map(({ task: at, node }) => [at, node]));
    this.#issueAll(queue, chosen, (at) => nodes.get(at), sends);
    for (const at of unplaced) if (chosen[at] !== undefined) plan.putBack(chosen[at]);
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
      this.#fleetNow = undefined;
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
    if (room === 0 && job.board.ready) this.#reserve(job, task, fleet);
    return queue.take(job.spec.service === true ? Math.min(1, room) : room);
  }

  #reserve(job: JobRecord, task: PlacementTask, fleet: readonly PlacementNode[]): void {
    if (this.#reserved !== undefined) return;
    const found = reserveFor(task, fleet, (node) => endingsOn(this.#core, this, node));
    if (found !== undefined) this.#reserved = { ...found, kind: job.kind };
  }

  /** What is reserved for more urgent work is left out. */
  #fleetFor(job: JobRecord): readonly PlacementNode[] {
    const fleet = (this.#fleetNow ??= this.fleet());
    if (this.#reserved === undefined || this.#reserved.kind === job.kind) return fleet;
    return besides(this.#reserved, fleet, this.usualMs(job));
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

  /** Its result would still be of use. */
  #isWanted(lease: LeaseRecord): boolean {
    const { job, index, kind, token, state } = lease;
    if (state !== 'leased' || this.#core.leases.get(token) !== lease) return false;
    return kind !== 'first' || job.board.stateOf(index) === 'leased';
  }

  #send(link: AgentLink, leases: readonly LeaseRecord[]): void {
    const current = leases.filter((lease) => this.#isWanted(lease));
    if (current.length === 0) return;
    const jobs = new Map<string, LeasedJob>();
    for (const { job, alias = job.id } of current) {
      if (!jobs.has(alias)) jobs.set(alias, { ...leasedJob(job), id: alias });
    }
    const wire = current.map((lease): Lease => {
      const item = arrayItem(lease.job.spec, lease.index);
      return {
        token: lease.token,
        job: lease.alias ?? lease.job.id,
        index: lease.index,
        attempt: lease.attempt,
        leaseMs: this.#core.options.leaseMs,
        ...(item === undefined ? {} : { item }),
      };
    });
    for (const message of workMessages(jobs, wire)) link.send(message);
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

/** Relative to the usual one, as far as a machine is believed. */
function claimedSpeed({ speed }: Capabilities, usual: number): number {
  return speed === undefined
    ? 1
    : Math.min(MAX_CLAIMED_SPEED, Math.max(1 / MAX_CLAIMED_SPEED, speed / usual));
}

/** Mean of what the connected machines measured of themselves. */
function usualSpeed({ nodes }: Core): number {
  let sum = 0;
  let count = 0;
  for (const { link, capabilities } of nodes.values()) {
    if (link === undefined || capabilities.speed === undefined) continue;
    sum += capabilities.speed;
    count += 1;
  }
  return count === 0 ? 1 : sum / count;
}
