import type {
  EventsMessage,
  FogNode,
  NodeTrust,
  FogStatus,
  Job,
  JobBatchInput,
  JobDetail,
  JobEvent,
  JobsPage,
  JobSpecInput,
  JobWhy,
  JoinCode,
  MixAudit,
  MixBench,
  MixBenchRequest,
  MixConsensus,
  MixLevel,
  MixPath,
  MixPing,
  MixPingRequest,
  MixStatus,
  NodeMode,
  Prices,
  ResultsPage,
  RouteAnswer,
  RouteRequestInput,
  ServiceStatus,
  Sla,
  Task,
  Topology,
  UploadedBlob,
} from '@fog/wire';
import type { DeploymentCalls } from './deployment-calls.ts';
import type { SchedulerCalls } from './scheduler-calls.ts';

export interface ClientOptions {
  /** Address of the fog, or several in the order they are tried: see `readFogAddress` of @fog/wire. */
  readonly url: string;
  /** Bearer token of an account. */
  readonly token: string;
}

export interface FollowOptions {
  readonly signal: AbortSignal;
  /** Number of the last event that is known: what was stored since comes first. */
  readonly after?: number;
  /** How long a lost fog is called again; 0 ends with the connection. */
  readonly patienceMs?: number;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

/**
 * The typed client of the HTTP API; every call throws FogError with the server's code and kind, or
 * CLIENT_UNREACHABLE (kind `unavailable`) when nothing answers at the address, CLIENT_UNAUTHORISED on 401.
 */
export interface FogClient extends DeploymentCalls, SchedulerCalls {
  readonly url: string;
  /** Sends the bytes, always; the server hashes while it receives. */
  uploadBlob(
    body: Uint8Array | AsyncIterable<Uint8Array>,
    options?: CallOptions,
  ): Promise<UploadedBlob>;
  /** The same `idempotencyKey` with the same spec answers the same job; with another spec it is an error. */
  submit(
    spec: JobSpecInput,
    options?: CallOptions & { readonly idempotencyKey?: string },
  ): Promise<Job>;
  /** All jobs or none, in the order given; `needs` may name keys of the batch. */
  submitBatch(
    batch: JobBatchInput,
    options?: CallOptions & { readonly idempotencyKey?: string },
  ): Promise<Job[]>;
  /** What the job waits for, or why it ended so, with each node's answer. */
  why(id: string, options?: CallOptions): Promise<JobWhy>;
  /** With `waitMs` answers when the job is terminal or the time is over, whichever is first. */
  job(id: string, options?: CallOptions & { readonly waitMs?: number }): Promise<JobDetail>;
  jobs(
    options?: CallOptions & {
      readonly open?: boolean;
      readonly limit?: number;
      readonly after?: string;
    },
  ): Promise<JobsPage>;
  /** Terminal tasks from index `from` without gap; with `waitMs` waits for at least one, or the job's end. */
  results(
    id: string,
    options?: CallOptions & {
      readonly from?: number;
      readonly limit?: number;
      readonly waitMs?: number;
    },
  ): Promise<ResultsPage>;
  task(id: string, index: number, options?: CallOptions): Promise<Task>;
  events(id: string, options?: CallOptions & { readonly after?: number }): Promise<JobEvent[]>;
  cancel(id: string, options?: CallOptions): Promise<Job>;
  /** The bytes of a terminal task's stream from `offset` on. */
  readStream(
    id: string,
    index: number,
    stream: 'stdout' | 'stderr',
    options?: CallOptions & { readonly offset?: number },
  ): Promise<AsyncIterable<Uint8Array>>;
  /** The bytes of one output file of a terminal task. */
  readFile(
    id: string,
    index: number,
    path: string,
    options?: CallOptions,
  ): Promise<AsyncIterable<Uint8Array>>;
  /**
   * Live events and output of a job until `signal` aborts; starts with what is buffered. Over a lost
   * connection it goes on after the last event.
   */
  follow(id: string, options: FollowOptions): AsyncIterable<EventsMessage>;
  nodes(options?: CallOptions): Promise<FogNode[]>;
  /** Where a request would go now; places nothing. */
  route(request: RouteRequestInput, options?: CallOptions): Promise<RouteAnswer>;
  /** What its owner asks from now on. */
  setNodePrices(id: string, prices: Prices, options?: CallOptions): Promise<FogNode>;
  setNodeMode(id: string, mode: NodeMode, options?: CallOptions): Promise<FogNode>;
  /** What the fog thinks of a node, with the evidence for it. */
  nodeTrust(id: string, options?: CallOptions): Promise<NodeTrust>;
  topology(options?: CallOptions): Promise<Topology>;
  /** What the tiers promise, how far it is kept, and the last breaches. */
  sla(options?: CallOptions): Promise<Sla>;
  status(options?: CallOptions): Promise<FogStatus>;
  services(options?: CallOptions): Promise<ServiceStatus[]>;
  restartService(name: string, options?: CallOptions): Promise<ServiceStatus>;
  createJoinCode(options?: CallOptions): Promise<JoinCode>;
  mixStatus(options?: CallOptions): Promise<MixStatus>;
  /** The signed document with the keys the fog has pinned. */
  mixConsensus(options?: CallOptions): Promise<MixConsensus>;
  /** Answers when the loop is home, or with an error when it must be lost. */
  mixPing(request: MixPingRequest, options?: CallOptions): Promise<MixPing>;
  /** Answers when all its loops are home or lost; runs for `seconds` and some more. */
  mixBench(request: MixBenchRequest, options?: CallOptions): Promise<MixBench>;
  mixPath(level: MixLevel, options?: CallOptions): Promise<MixPath>;
  mixAudit(options?: CallOptions): Promise<MixAudit>;
}
