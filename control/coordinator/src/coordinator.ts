import type { Clock, Health, Logger } from '@fog/kernel';
import type { Blobs, Store } from '@fog/store';
import {
  arrayItem,
  type CompareAnswer,
  type CompareRequest,
  type FogNode,
  type FrontsQuery,
  type Job,
  type JobSpec,
  type JobWhy,
  type NodeMode,
  type PlacementPlan,
  type NodeTrust,
  type RouteAnswer,
  type RouteRequest,
  type SchedulerStatus,
  type Sla,
  type SlaTierReport,
  type Topology,
  type TrustCounts,
} from '@fog/wire';
import type {
  AgentLink,
  AgentSession,
  CoordinatorApi,
  Counts,
  FogListener,
  JobListener,
  NodeCaller,
  Upload,
} from './api.ts';
import type { Parts } from './assemble.ts';
import { countsOf, trustCounts } from './counts.ts';
import { fail } from './errors.ts';
import { cancelJob } from './job/lifecycle.ts';
import { noJob } from './job/queries.ts';
import type { LeaseRecord } from './lease/lease-record.ts';
import { EventReplay } from './live/event-replay.ts';
import { specForAgent } from './lease/work-messages.ts';
import { Leadership } from './leadership.ts';
import { MAX_LEASE_UPLOADS } from './limits.ts';
import { type CoordinatorOptions, defaultCoordinatorOptions } from './options.ts';
import { compareStrategies } from './plan/compare.ts';
import type { CoordinatorMetrics } from './plan/plan-stats.ts';
import { noteTransfer } from './registry/measured.ts';
import {
  isRatedRelay,
  noteRelays,
  type RelayEvidence,
  relayReputation,
  type RelayReputation,
} from './reputation/relay-evidence.ts';
import { slaReport, tierReports } from './sla/sla-report.ts';
import { trustView } from './reputation/trust-view.ts';
import type { Reexecution, VerifyCounts } from './verify/verify-state.ts';

export interface CoordinatorDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Id of the fog's identity. */
  readonly fogId: string;
  /** Takes outputs that live in a result row when another job needs them as a file; loses what nobody uses. */
  readonly blobs?: Pick<Blobs, 'put' | 'remove'> | undefined;
  /** Runs disputed tasks for the coordinator itself; without it no node is ever blamed. */
  readonly reexecution?: Reexecution | undefined;
  /** Uniform in [0, 1), decides which results are checked; the system's generator when left out. */
  readonly random?: () => number;
  /** What the planning thread runs; its own program when left out. */
  readonly planEntry?: URL | undefined;
  /** Where it counts; nowhere when left out. */
  readonly metrics?: CoordinatorMetrics | undefined;
  /** Of several coordinators on one database: who this one is, and where the others reach it. */
  readonly candidate?: Candidate | undefined;
}

export interface Candidate {
  readonly holder: string;
  /** Undefined while nobody could reach it: it does not lead until there is one. */
  address(): string | undefined;
}

/** Registry, leases and job lifecycle over one store. Everything it acknowledges is durable. */
export function createCoordinator(
  options: Partial<CoordinatorOptions>,
  deps: CoordinatorDeps,
): CoordinatorApi {
  return new Coordinator({ ...defaultCoordinatorOptions, ...options }, deps);
}

class Coordinator implements CoordinatorApi {
  readonly name = 'coordinator';
  readonly requires = ['store'];
  readonly restartable = true;
  readonly fogId: string;
  readonly #lead: Leadership;

  constructor(options: CoordinatorOptions, deps: CoordinatorDeps) {
    this.#lead = new Leadership(options, deps);
    this.fogId = deps.fogId;
  }

  start(signal: AbortSignal): Promise<void> {
    return this.#lead.start(signal);
  }

  stop(): Promise<void> {
    return this.#lead.stop();
  }

  health(): Promise<Health> {
    return this.#lead.health();
  }

  campaign(): Promise<void> {
    return this.#lead.campaign();
  }

  onHealth(listener: () => void): () => void {
    return this.#lead.onChange(listener);
  }

  onLeadership(listener: () => void): () => void {
    return this.#lead.onChange(listener);
  }

  get leader(): string | undefined {
    return this.#lead.leader;
  }

  get #running(): Parts {
    return this.#lead.running;
  }

  get #readable(): Parts {
    return this.#lead.readable;
  }

  get #any(): Parts {
    return this.#lead.any;
  }

  attach(link: AgentLink): AgentSession {
    return this.#running.registry.attach(link);
  }

  submit: CoordinatorApi['submit'] = async (...args) => this.#running.submissions.submit(...args);
  submitBatch: CoordinatorApi['submitBatch'] = async (...args) =>
    this.#running.submissions.submitBatch(...args);

  async why(caller: NodeCaller, id: string): Promise<JobWhy> {
    const { queries, explainer } = this.#readable;
    return explainer.why(caller, await queries.job(caller.account, id));
  }

  async route(caller: NodeCaller, request: RouteRequest): Promise<RouteAnswer> {
    return this.#running.explainer.route(caller, request);
  }

  job: CoordinatorApi['job'] = async (...args) => this.#readable.queries.job(...args);
  jobs: CoordinatorApi['jobs'] = async (...args) => this.#readable.queries.jobs(...args);
  results: CoordinatorApi['results'] = async (...args) => this.#readable.queries.results(...args);
  task: CoordinatorApi['task'] = async (...args) => this.#any.queries.task(...args);
  events: CoordinatorApi['events'] = async (...args) => this.#readable.queries.events(...args);
  accountEvents: CoordinatorApi['accountEvents'] = async (...args) =>
    this.#any.queries.accountEvents(...args);

  async cancel(account: string, id: string): Promise<Job> {
    const { core, queries } = this.#running;
    const job = core.jobs.get(id);
    if (job !== undefined && job.owner !== account) throw noJob(id);
    if (job !== undefined && job.board.open > 0) {
      cancelJob(core, job, 'the job was cancelled');
      await core.journal.committed();
      this.#running.dispatcher.kick();
    }
    const { spec: _spec, ...view } = await queries.job(account, id);
    return view;
  }

  async follow(
    account: string,
    id: string,
    listener: JobListener,
    after?: number,
  ): Promise<() => void> {
    const { core, queries } = this.#running;
    await queries.job(account, id);
    const replay = after === undefined ? undefined : replayTo(listener, after);
    const stop = core.listeners.followJob(id, {
      event: (event) => (replay === undefined ? listener.event(event) : replay.offer(event)),
      output: (output) => listener.output(output),
    });
    for (const lease of core.jobs.get(id)?.leases.values() ?? []) {
      for (const output of core.live.of(lease.token)) listener.output(output);
    }
    try {
      await replay?.run((query) => queries.events(account, id, query));
      return stop;
    } catch (error) {
      stop();
      throw error;
    }
  }

  subscribe(listener: FogListener): () => void {
    return this.#running.core.listeners.subscribe(listener);
  }

  async nodes(): Promise<FogNode[]> {
    return this.#readable.registry.views();
  }

  async setNodeMode(caller: NodeCaller, id: string, mode: NodeMode): Promise<FogNode> {
    return this.#running.registry.setMode(caller, id, mode);
  }

  setNodePrices: CoordinatorApi['setNodePrices'] = async (...args) =>
    this.#running.registry.setPrices(...args);

  async sla(caller: NodeCaller): Promise<Sla> {
    return slaReport(this.#readable.core, caller);
  }

  slaTiers(): SlaTierReport[] | undefined {
    return this.#lead.term && tierReports(this.#lead.term.core);
  }

  scheduler(): SchedulerStatus | undefined {
    return this.#lead.term?.planner.status();
  }

  async fronts(account: string, { job }: FrontsQuery): Promise<PlacementPlan[]> {
    const { core, queries } = this.#readable;
    if (job !== undefined) await queries.job(account, job);
    return core.fronts.of(account, job);
  }

  async compare(account: string, request: CompareRequest, role = 'user'): Promise<CompareAnswer> {
    const { core, dispatcher, planThread, queries, submissions } = this.#running;
    const { job, spec = (await queries.job(account, job ?? '')).spec } = request;
    // A job that was taken kept its deadline then; whether the fog would take another like it is the question.
    const { deadlineAt: _deadlineAt, ...again } = spec;
    await submissions.check({ account, role }, job === undefined ? spec : again);
    const deps = { core, dispatcher, thread: planThread };
    return compareStrategies(deps, { owner: account, spec }, request);
  }

  async nodeTrust(caller: NodeCaller, id: string): Promise<NodeTrust> {
    const { core, registry } = this.#readable;
    // What is measured of relays is public, as the consensus that is made of it.
    if (isRatedRelay(core, id)) return trustView(core, id, 'relay');
    return trustView(core, registry.ofCaller(caller, id).id, 'work');
  }

  async topology(): Promise<Topology> {
    return this.#readable.topology.view();
  }

  deploy: CoordinatorApi['deploy'] = async (...args) => this.#running.deployments.create(...args);
  deployments: CoordinatorApi['deployments'] = async (account) =>
    this.#readable.deployments.list(account);
  deployment: CoordinatorApi['deployment'] = async (...args) =>
    this.#readable.deployments.get(...args);
  changeDeployment: CoordinatorApi['changeDeployment'] = async (...args) =>
    this.#running.deployments.change(...args);
  deleteDeployment: CoordinatorApi['deleteDeployment'] = async (...args) =>
    this.#running.deployments.remove(...args);

  counts(): Counts {
    return countsOf(this.#readable);
  }

  noteRelays(evidence: readonly RelayEvidence[]): readonly RelayEvidence[] {
    const { term } = this.#lead;
    return term === undefined ? [] : noteRelays(term.core, evidence);
  }

  relayReputation(relays: readonly string[]): RelayReputation | undefined {
    const { term } = this.#lead;
    return term && relayReputation(term.core, relays);
  }

  trustCounts(): TrustCounts | undefined {
    return this.#lead.term && trustCounts(this.#lead.term.core);
  }

  ignoredEvidence(): ReturnType<CoordinatorApi['ignoredEvidence']> {
    return this.#lead.term?.core.reputation.ignored;
  }

  verification(): VerifyCounts | undefined {
    return this.#lead.term?.core.verify.counts;
  }

  async addReference(account: string, content: string, sizeBytes: number): Promise<void> {
    return this.#any.references.add(account, content, sizeBytes);
  }

  async mayRead(account: string, content: string): Promise<boolean> {
    return this.#any.references.has(account, content);
  }

  async leasedSpec(node: string, job: string): Promise<JobSpec> {
    for (const lease of this.#leasesOf(node)) {
      if ((lease.alias ?? lease.job.id) === job) return specForAgent(lease.job);
    }
    throw fail('COORDINATOR_NO_LEASE', { message: `The node holds no lease of job ${job}.` });
  }

  nodeMayRead(node: string, content: string): boolean {
    for (const lease of this.#leasesOf(node)) if (reads(lease, content)) return true;
    return false;
  }

  mayUpload(node: string, token: number): boolean {
    const lease = this.#running.core.leases.get(token);
    return lease?.node === node && lease.uploads.size < MAX_LEASE_UPLOADS;
  }

  async leaseUploaded(node: string, token: number, upload: Upload): Promise<void> {
    const { core, references } = this.#running;
    const { content, sizeBytes, tookMs } = upload;
    const lease = core.leases.get(token);
    if (lease?.node !== node) throw fail('COORDINATOR_NO_LEASE');
    const record = core.nodes.get(node);
    if (record !== undefined && tookMs !== undefined) noteTransfer(record, sizeBytes, tookMs);
    lease.uploads.set(content, sizeBytes);
    core.journal.upload({ token, content, size_bytes: sizeBytes });
    await core.journal.committed();
    await references.confirm(content);
  }

  #leasesOf(node: string): Iterable<LeaseRecord> {
    return this.#running.core.nodes.get(node)?.leases.values() ?? [];
  }
}

function replayTo(listener: JobListener, after: number): EventReplay {
  return new EventReplay({
    after,
    tell: (event) => listener.event(event),
    drained: async () => (await listener.drained?.()) ?? true,
  });
}

function reads(lease: LeaseRecord, content: string): boolean {
  const { spec, inputs } = lease.job;
  if (spec.module === content || spec.stdin === content) return true;
  if (inputs.some((input) => input.content === content)) return true;
  const item = arrayItem(spec, lease.index);
  return item?.input?.content === content;
}
