/** What the coordinator offers to control/server. Account ids come from checked credentials only. */
import type {
  Capabilities,
  FogNode,
  FogStatus,
  FromAgent,
  Job,
  JobDetail,
  JobEvent,
  JobSpec,
  JobsPage,
  NodeProfile,
  ResultsPage,
  Task,
  ToAgent,
} from '@fog/wire';
import type { Service } from '@fog/kernel';

/** An agent whose key is proven. The server makes it, the coordinator talks through it. */
export interface AgentLink {
  readonly node: string;
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

export interface JobListener {
  event(event: JobEvent): void;
  output(output: OutputEvent): void;
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

export interface CoordinatorApi extends Service {
  readonly fogId: string;
  /** Registers the node and makes it eligible for work. An older session of the same node is closed. */
  attach(link: AgentLink): AgentSession;

  /** Durable when it resolves. `spec` is parsed. Throws COORDINATOR_UNKNOWN_CONTENT, COORDINATOR_IDEMPOTENCY, COORDINATOR_OVERLOADED. */
  submit(account: string, spec: JobSpec, idempotencyKey?: string): Promise<Job>;
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
  /** Live events and output; calls the listener at once with what is buffered. Returns the end of it. */
  follow(account: string, id: string, listener: JobListener): Promise<() => void>;
  subscribe(listener: FogListener): () => void;
  nodes(): Promise<FogNode[]>;
  counts(): Pick<FogStatus, 'nodes' | 'jobs'>;

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
  leaseUploaded(node: string, token: number, content: string, sizeBytes: number): Promise<void>;
}
