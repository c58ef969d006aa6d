/** Shapes of the HTTP API under /api/v1. */
import { z } from 'zod';
import { AccountId, ContentId, FencingToken, JobId, NodeId, TaskIndex } from './ids.ts';
import { DeploymentId } from './deployment.ts';
import { JobSpec } from './job-spec.ts';
import { JobState } from './job-state.ts';
import { MAX_ADDRESSES, MAX_COORDINATORS, MAX_PAGE, MAX_WAIT_MS } from './limits.ts';
import { MixConsensusEvent } from './mixnet-api.ts';
import { SignedManifest } from './manifest.ts';
import { Failure, Outcome } from './outcome.ts';
import { FogNode } from './node.ts';
import { TrustCounts } from './reputation.ts';
import { SlaTierReport } from './sla.ts';

export const TaskCounts = z.strictObject({
  total: z.int(),
  queued: z.int(),
  running: z.int(),
  settled: z.int(),
  failed: z.int(),
  cancelled: z.int(),
});
export type TaskCounts = z.infer<typeof TaskCounts>;

export const Job = z.strictObject({
  id: JobId,
  owner: AccountId,
  name: z.string(),
  state: JobState,
  /** The one sentence that explains the state: first failure, or what it waits for. */
  cause: z.string().optional(),
  /** Once terminal: 0, or the code of the lowest failing index. */
  exitCode: z.int().optional(),
  failure: Failure.optional(),
  tasks: TaskCounts,
  createdAt: z.int(),
  startedAt: z.int().optional(),
  endedAt: z.int().optional(),
  /** The deployment it is a replica of. */
  deployment: DeploymentId.optional(),
});
export type Job = z.infer<typeof Job>;

export const JobDetail = z.strictObject({ ...Job.shape, spec: JobSpec });
export type JobDetail = z.infer<typeof JobDetail>;

export const Attempt = z.strictObject({
  number: z.int(),
  token: FencingToken,
  node: NodeId,
  leasedAt: z.int(),
  endedAt: z.int().optional(),
  /**
   * `held`: its result waits for other copies; `accepted`: its result is the task's; `agreed`: it gave the
   * same; `outvoted`: it gave another; `late`: it came after a newer token was issued; `recalled`: the fog took
   * the work back. Only `accepted` counts.
   */
  state: z.enum([
    'leased',
    'held',
    'accepted',
    'agreed',
    'outvoted',
    'failed',
    'lost',
    'recalled',
    'late',
    'cancelled',
  ]),
  /** Why there was more than one: a copy for the class, of a straggler, or a check. */
  kind: z.enum(['first', 'copy', 'speculative', 'check', 'known-answer']).optional(),
  /** SHA-256 of its result's signed manifest. */
  digest: z.string().optional(),
  failure: Failure.optional(),
});
export type Attempt = z.infer<typeof Attempt>;

/** How far the result of a task is checked; absent when one node's word was taken. */
export const Verification = z.strictObject({
  /** Copies that gave this result, by whom they are told apart: owners, or nodes where one owner has several. */
  agreed: z.int(),
  counted: z.enum(['owners', 'nodes']),
  /** The copies disagreed, and a run of the coordinator itself decided. */
  reexecuted: z.boolean().optional(),
  /** A failure that only one owner's node has seen. */
  unconfirmed: z.boolean().optional(),
});
export type Verification = z.infer<typeof Verification>;

export const Task = z.strictObject({
  index: TaskIndex,
  state: JobState,
  node: NodeId.optional(),
  attempts: z.array(Attempt),
  outcome: Outcome.optional(),
  verification: Verification.optional(),
  /** What the node of the accepted attempt signed. */
  proof: SignedManifest.optional(),
});
export type Task = z.infer<typeof Task>;

/** A terminal task with its outcome, as `GET /jobs/{id}/results` lists it. */
export const TaskOutcome = z.strictObject({
  index: TaskIndex,
  state: JobState,
  node: NodeId.optional(),
  attempts: z.int(),
  outcome: Outcome,
  verification: Verification.optional(),
});
export type TaskOutcome = z.infer<typeof TaskOutcome>;

export const ResultsPage = z.strictObject({
  /** Terminal tasks without gap from the asked index on. */
  results: z.array(TaskOutcome),
  /** Index to ask for next; equals the task count when all are read. */
  next: z.int(),
  total: z.int(),
});
export type ResultsPage = z.infer<typeof ResultsPage>;

export const JobEvent = z.strictObject({
  seq: z.int(),
  job: JobId,
  index: TaskIndex.optional(),
  time: z.int(),
  /** A state of the job or task, or what happened to a copy of it: `requeued`, `lost`, `late`, `disagreement`, … */
  type: z.string().max(32),
  node: NodeId.optional(),
  cause: z.string().optional(),
});
export type JobEvent = z.infer<typeof JobEvent>;

export const ServiceStatus = z.strictObject({
  name: z.string(),
  state: z.enum(['waiting', 'starting', 'running', 'failed', 'stopped']),
  health: z.enum(['healthy', 'degraded', 'unhealthy', 'unknown']),
  detail: z.string().optional(),
  requires: z.array(z.string()),
  wants: z.array(z.string()),
  restarts: z.int(),
  since: z.int(),
});
export type ServiceStatus = z.infer<typeof ServiceStatus>;

export const FogCoordinator = z.strictObject({
  id: z.string().max(64),
  address: z.string().max(1024),
  /** Since when it is up. */
  since: z.int(),
  leads: z.boolean(),
});
export type FogCoordinator = z.infer<typeof FogCoordinator>;

export const FogStatus = z.strictObject({
  fogId: NodeId,
  version: z.string(),
  /** Where other machines find the fog; empty when it listens on its own machine only. */
  addresses: z.array(z.string().max(512)).max(MAX_ADDRESSES).optional(),
  /** Those that announce themselves, the leader first. */
  coordinators: z.array(FogCoordinator).max(MAX_COORDINATORS).optional(),
  startedAt: z.int(),
  time: z.int(),
  nodes: z.strictObject({ total: z.int(), online: z.int(), slots: z.int(), busySlots: z.int() }),
  /** Connected nodes by what is known of their work. */
  trust: TrustCounts.optional(),
  jobs: z.strictObject({
    open: z.int(),
    ended: z.int(),
    queuedTasks: z.int(),
    runningTasks: z.int(),
  }),
  deployments: z.strictObject({
    total: z.int(),
    degraded: z.int(),
    replicas: z.int(),
    healthy: z.int(),
  }),
  /** Tiers of service, as in `GET /sla`. */
  sla: z.array(SlaTierReport).optional(),
  /** What ended long ago and was removed, since the coordinator leads. */
  retention: z
    .strictObject({
      keepMs: z.int(),
      removedJobs: z.int(),
      removedBlobs: z.int(),
      freedBytes: z.int(),
    })
    .optional(),
  /** Batches placed as a whole since the coordinator leads. */
  scheduler: z
    .strictObject({
      made: z.int(),
      failed: z.int(),
      plannedTasks: z.int(),
      p95Ms: z.number().optional(),
    })
    .optional(),
  services: z.array(ServiceStatus),
});
export type FogStatus = z.infer<typeof FogStatus>;

export const JoinCode = z.strictObject({
  code: z.string(),
  expiresAt: z.int(),
  uses: z.int(),
});
export type JoinCode = z.infer<typeof JoinCode>;

export const UploadedBlob = z.strictObject({ content: ContentId, sizeBytes: z.int() });
export type UploadedBlob = z.infer<typeof UploadedBlob>;

/** Query of a call that may wait: answers at once when there is news, else after `waitMs`. */
export const WaitQuery = z.strictObject({
  waitMs: z.coerce.number().int().min(0).max(MAX_WAIT_MS).default(0),
});
export const ResultsQuery = z.strictObject({
  from: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(500),
  ...WaitQuery.shape,
});
export const JobsQuery = z.strictObject({
  /** Only open (not terminal) jobs. */
  open: z.stringbool().default(false),
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(50),
  /** Job id of the last row of the page before. */
  after: JobId.optional(),
});
export const JobsPage = z.strictObject({ jobs: z.array(Job), next: JobId.optional() });
export type JobsPage = z.infer<typeof JobsPage>;
export const EventsQuery = z.strictObject({
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(500),
});

/** RFC 9457 problem details, media type application/problem+json. */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  /** Stable error code, see docs/reference/errors.md. */
  code: z.string(),
  kind: z.string(),
  retryable: z.boolean(),
  details: z.record(z.string(), z.unknown()).optional(),
});
export type Problem = z.infer<typeof Problem>;

/** Number of the last job event that is known: those stored since come first, then what happens, none twice. */
const After = z.int().nonnegative().optional();

/** Client → server on /api/v1/events: JSON text frames. */
export const EventsRequest = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('subscribe'),
    topic: z.enum(['jobs', 'nodes', 'services', 'mixnet']),
    after: After,
  }),
  /** Events and live output of one job; what is buffered of running tasks comes first. */
  z.strictObject({ type: z.literal('follow'), job: JobId, after: After }),
]);
export type EventsRequest = z.infer<typeof EventsRequest>;

/** Server → client on /api/v1/events. */
export const EventsMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('subscribed'), topic: z.string() }),
  z.strictObject({ type: z.literal('job-event'), event: JobEvent }),
  z.strictObject({ type: z.literal('node'), node: FogNode }),
  z.strictObject({ type: z.literal('service'), service: ServiceStatus }),
  z.strictObject({ type: z.literal('mixnet'), consensus: MixConsensusEvent }),
  z.strictObject({
    type: z.literal('output'),
    job: JobId,
    index: TaskIndex,
    attempt: z.int(),
    stream: z.enum(['stdout', 'stderr']),
    offset: z.int(),
    data: z.string(),
  }),
  /** Messages were dropped because the client read too slowly; read the rest by HTTP. */
  z.strictObject({ type: z.literal('lagged'), dropped: z.int() }),
  z.strictObject({ type: z.literal('error'), code: z.string(), message: z.string() }),
]);
export type EventsMessage = z.infer<typeof EventsMessage>;
