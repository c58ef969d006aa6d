/** What the coordinator offers to control/server. Account ids come from checked credentials only. */
import type {
  Capabilities,
  FogNode,
  FogStatus,
  FromAgent,
  Job,
  JobBatch,
  JobDetail,
  JobEvent,
  JobSpec,
  JobsPage,
  JobWhy,
  NodeMode,
  NodeProfile,
  Prices,
  NodeTrust,
  ResultsPage,
  RouteAnswer,
  RouteRequest,
  Sla,
  SlaTierReport,
  Task,
  ToAgent,
  Topology,
  TrustCounts,
} from '@fog/wire';
import type {
  CompareAnswer,
  CompareRequest,
  FrontsQuery,
  PlacementPlan,
  SchedulerStatus,
} from '@fog/wire';
import type { Deployment, DeploymentChange, DeploymentSpec } from '@fog/wire';
import type { Service } from '@fog/kernel';
import type { Ignored } from '@fog/reputation';
import type { RelayEvidence, RelayReputation } from './reputation/relay-evidence.ts';
import type { VerifyCounts } from './verify/verify-state.ts';

/** An agent whose key is proven. The server makes it, the coordinator talks through it. */
export interface AgentLink {
  readonly node: string;
  /** Ed25519 public key it has proven. */
  readonly nodeKey: Uint8Array;
  readonly owner: string;
  readonly name: string;
  readonly capabilities: Capabilities;
  readonly profile?: NodeProfile | undefined;
  readonly credit: number;
  /** Tokens the agent said it still holds. */
  readonly held: readonly number[];
  send(message: ToAgent): void;
  close(reason: string): void;
}

export interface AgentSession {
  /** Any frame but `hello`. */
  message(message: Exclude<FromAgent, { type: 'hello' }>): void;
  /** The socket is gone. */
  closed(): void;
}

export interface OutputEvent {
  readonly index: number;
  readonly attempt: number;
  readonly stream: 'stdout' | 'stderr';
  readonly offset: number;
  /** Base64. */
  readonly data: string;
}

/** A blob of an agent. */
export interface Upload {
  readonly content: string;
  readonly sizeBytes: number;
  /** From its first byte to its last. */
  readonly tookMs?: number;
}

export interface JobListener {
  event(event: JobEvent): void;
  output(output: OutputEvent): void;
  /** Resolves when more can be taken; false when nobody listens any more. */
  drained?(): Promise<boolean>;
}

export interface FogListener {
  /** A job of any owner changed; the server filters by `job.owner`. */
  jobEvent?(event: JobEvent, owner: string): void;
  node?(node: FogNode): void;
}

export interface WaitOptions {
  readonly waitMs: number;
  readonly signal?: AbortSignal;
}

/** Who asks, where an operator sees or may do more. */
export interface NodeCaller {
  readonly account: string;
  readonly role: string;
}

/** The coordinator's part of `fog status`. */
export type Counts = Pick<
  FogStatus,
  'nodes' | 'jobs' | 'deployments' | 'sla' | 'trust' | 'retention'
>;

export interface CoordinatorApi extends Service {
  readonly fogId: string;
  /** Address of the coordinator that leads while this one stands by; its calls throw COORDINATOR_STANDBY then. */
  readonly leader: string | undefined;
  /** Called when this coordinator begins or ceases to lead, and when another can. Returns the end of it. */
  onLeadership(listener: () => void): () => void;
  /** Who leads may have changed: looks at once, and leads when nobody does. */
  campaign(): Promise<void>;
  /** Registers the node and makes it eligible for work. An older session of the same node is closed. */
  attach(link: AgentLink): AgentSession;

  /**
   * Durable when it resolves. `spec` is parsed. With the role of an operator a refusal names all machines.
   * Throws COORDINATOR_UNKNOWN_CONTENT, COORDINATOR_IDEMPOTENCY, COORDINATOR_OVERLOADED, COORDINATOR_QUOTA,
   * COORDINATOR_DEADLINE, COORDINATOR_IMPOSSIBLE.
   */
  submit(account: string, spec: JobSpec, idempotencyKey?: string, role?: string): Promise<Job>;
  /**
   * All jobs or none, in the order given; `needs` may name keys of the batch. Throws as `submit`, and
   * COORDINATOR_BATCH, COORDINATOR_CYCLE.
   */
  submitBatch(
    account: string,
    batch: JobBatch,
    idempotencyKey?: string,
    role?: string,
  ): Promise<Job[]>;
  /** What the job waits for or why it ended so, with each node's answer; machines of others as below. */
  why(caller: NodeCaller, id: string): Promise<JobWhy>;
  /** Where a request of this account would go now; places nothing. Machines of others go by their ids, but for an operator. */
  route(caller: NodeCaller, request: RouteRequest): Promise<RouteAnswer>;
  /** Throws COORDINATOR_NO_JOB also for another account's job, as all calls below. */
  job(account: string, id: string, wait?: WaitOptions): Promise<JobDetail>;
  jobs(account: string, query: { open: boolean; limit: number; after?: string }): Promise<JobsPage>;
  results(
    account: string,
    id: string,
    query: { from: number; limit: number } & WaitOptions,
  ): Promise<ResultsPage>;
  task(account: string, id: string, index: number): Promise<Task>;
  events(account: string, id: string, query: { after: number; limit: number }): Promise<JobEvent[]>;
  cancel(account: string, id: string): Promise<Job>;
  /** Stored events of all jobs of the account. */
  accountEvents(account: string, query: { after: number; limit: number }): Promise<JobEvent[]>;
  /**
   * Live events and output; calls the listener at once with the output that is buffered. With `after`, what
   * was stored since that event comes before what happens, without gap or double. Returns the end of it.
   */
  follow(account: string, id: string, listener: JobListener, after?: number): Promise<() => void>;
  subscribe(listener: FogListener): () => void;
  nodes(): Promise<FogNode[]>;
  /**
   * What its owner or an operator decides: `draining` ends what it has, `maintenance` gives it back, and
   * neither takes new work. Durable when it resolves. Throws COORDINATOR_NO_NODE.
   */
  setNodeMode(caller: NodeCaller, id: string, mode: NodeMode): Promise<FogNode>;
  /** What its owner asks from now on, whatever it joined with; of its owner or an operator. Durable when it resolves. Throws COORDINATOR_NO_NODE. */
  setNodePrices(caller: NodeCaller, id: string, prices: Prices): Promise<FogNode>;
  /** What the tiers promise, how far it is kept, and the last breaches: the caller's, all for an operator. */
  sla(caller: NodeCaller): Promise<Sla>;
  /** Without the breaches; undefined while this coordinator does not lead. */
  slaTiers(): SlaTierReport[] | undefined;
  /** How batches are placed; undefined while this coordinator does not lead. */
  scheduler(): SchedulerStatus | undefined;
  /** The plans that are kept of the account's jobs, newest first. Throws COORDINATOR_NO_JOB. */
  fronts(account: string, query: FrontsQuery): Promise<PlacementPlan[]>;
  /** What each strategy would do with a job or a spec of this account now; nothing runs. Throws COORDINATOR_PLAN, and as `submit`. */
  compare(account: string, request: CompareRequest, role?: string): Promise<CompareAnswer>;
  /** What is thought of a node, with the evidence for it. Throws COORDINATOR_NO_NODE, also for another account's node. */
  nodeTrust(caller: NodeCaller, id: string): Promise<NodeTrust>;
  /** The fleet now and its past. */
  topology(): Promise<Topology>;
  /** What measurements say of relays. Gives what counted: one of a relay, kind and epoch, and nothing while this coordinator does not lead. */
  noteRelays(evidence: readonly RelayEvidence[]): readonly RelayEvidence[];
  /** Undefined while this coordinator does not lead. */
  relayReputation(relays: readonly string[]): RelayReputation | undefined;
  /** Of the connected nodes; undefined while this coordinator does not lead. */
  trustCounts(): TrustCounts | undefined;
  /** Evidence that did not count since this coordinator leads, by why; undefined while it does not. */
  ignoredEvidence(): Readonly<Record<Ignored, number>> | undefined;
  /** What was checked since this coordinator leads; undefined while it does not. */
  verification(): VerifyCounts | undefined;
  counts(): Counts;

  /**
   * Durable when it resolves; its replicas start by themselves. Throws COORDINATOR_DEPLOYMENT,
   * COORDINATOR_NAME_TAKEN, COORDINATOR_IDEMPOTENCY, and as `submit`.
   */
  deploy(
    account: string,
    spec: DeploymentSpec,
    idempotencyKey?: string,
    role?: string,
  ): Promise<Deployment>;
  deployments(account: string): Promise<Deployment[]>;
  /** Throws COORDINATOR_NO_DEPLOYMENT also for another account's, as the calls below. */
  deployment(account: string, id: string): Promise<Deployment>;
  /** Another number of replicas, a new version, or both. The same again changes nothing. */
  changeDeployment(
    account: string,
    id: string,
    change: DeploymentChange,
    role?: string,
  ): Promise<Deployment>;
  /** It is gone when this resolves; its replicas are told to stop. */
  deleteDeployment(account: string, id: string): Promise<Deployment>;

  /** Records that `account` sent these bytes and may read and use them. Durable when it resolves. */
  addReference(account: string, content: string, sizeBytes: number): Promise<void>;
  /** True when the account sent the bytes, or they are an output of a job of its own. */
  mayRead(account: string, content: string): Promise<boolean>;

  /** For agents: the spec of a job this node holds a lease of, without array items. */
  leasedSpec(node: string, job: string): Promise<JobSpec>;
  /** For agents: true when a task this node holds a lease of reads this content. */
  nodeMayRead(node: string, content: string): boolean;
  /** For agents: true when the node holds this lease and has not sent all a task may; checked before an output upload is taken. */
  mayUpload(node: string, token: number): boolean;
  /** Records bytes uploaded under a lease; only such content may be named in its result. */
  leaseUploaded(node: string, token: number, upload: Upload): Promise<void>;
}
