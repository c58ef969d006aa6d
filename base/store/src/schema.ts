/**
 * Tables, snake_case, in types both SQLite and PostgreSQL hold: text, 64-bit integers, JSON as text.
 * Times are milliseconds UTC.
 */
export interface AccountRow {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly created_at: number;
}

/** Bearer credentials; only the SHA-256 of the secret is kept. */
export interface CredentialRow {
  readonly hash: string;
  readonly account: string;
  readonly label: string;
  readonly created_at: number;
  readonly expires_at: number | null;
}

export interface JoinCodeRow {
  readonly hash: string;
  readonly account: string;
  readonly uses_left: number;
  readonly expires_at: number;
  readonly created_at: number;
}

/** Account that enrolled a node. */
export interface NodeOwnerRow {
  readonly node: string;
  readonly account: string;
  readonly enrolled_at: number;
}

export interface NodeRow {
  readonly id: string;
  readonly owner: string;
  readonly name: string;
  /** JSON of wire Capabilities. */
  readonly capabilities: string;
  readonly settled: number;
  readonly failed: number;
  readonly joined_at: number;
  readonly last_seen_at: number;
  /** JSON of wire NodeProfile. */
  readonly profile: string;
  readonly mode: string;
  readonly rtt_ms: number | null;
  readonly bandwidth_mbps: number | null;
  /** Failures in a row, and until when the node is left alone for them. */
  readonly failures: number;
  readonly cool_until: number | null;
  /** Ed25519 public key in base64, with which its results are signed. */
  readonly node_key: string | null;
}

export interface JobRow {
  readonly id: string;
  readonly owner: string;
  readonly name: string;
  readonly state: string;
  /** JSON of wire JobSpec. */
  readonly spec: string;
  readonly task_count: number;
  readonly settled: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly idempotency_key: string | null;
  readonly cause: string | null;
  readonly exit_code: number | null;
  /** JSON of wire Failure. */
  readonly failure: string | null;
  readonly created_at: number;
  readonly started_at: number | null;
  readonly ended_at: number | null;
  /** Set on the jobs that are replicas of a deployment: which one, its slot and the version it runs. */
  readonly deployment: string | null;
  readonly replica: number | null;
  readonly revision: number | null;
}

/** One terminal task; a task without a row is open, or was cancelled with its job. */
export interface TaskResultRow {
  readonly job: string;
  readonly idx: number;
  readonly state: string;
  readonly node: string | null;
  readonly attempts: number;
  /** JSON of wire Outcome. */
  readonly outcome: string;
  /** JSON of wire Verification. */
  readonly verification: string | null;
  readonly ended_at: number;
}

export interface AttemptRow {
  /** Fencing token. */
  readonly token: number;
  readonly job: string;
  readonly idx: number;
  readonly number: number;
  readonly node: string;
  readonly state: string;
  readonly leased_at: number;
  readonly ended_at: number | null;
  /** JSON of wire Failure. */
  readonly failure: string | null;
  /** JSON of wire Outcome; kept here for held and late results, which task_result does not have. */
  readonly outcome: string | null;
  readonly kind: string;
  /** SHA-256 of the manifest of its result, which `batch` holds the signature of. */
  readonly digest: string | null;
  readonly batch: number | null;
  /** Of the runtime that made the result; part of the manifest. */
  readonly runtime_version: string | null;
}

/** The signature of one frame of results over the digests of their manifests. */
export interface ResultBatchRow {
  readonly id: number;
  readonly node: string;
  /** One a line. */
  readonly digests: string;
  /** Base64. */
  readonly signature: string;
  readonly received_at: number;
}

/** One observation of a node, never changed: reputation is computed from these alone. */
export interface EvidenceRow {
  readonly id: number;
  readonly time: number;
  readonly node: string;
  readonly kind: string;
  /** 1: it did what it owed; 0: it did not. */
  readonly good: number;
  readonly weight: number;
  /** Account of the node; empty where it is not known. */
  readonly owner: string;
  /** Who says so: an account, or `fog` for what the fog itself found. */
  readonly rater: string;
  /** JSON: the job, task, token, manifest digest or audit it rests on. */
  readonly source: string;
}

/** Evidence of one rater about a node, faded; what it is made from stays in `evidence`. */
export interface ReputationRow {
  readonly node: string;
  readonly owner: string;
  readonly kind: string;
  readonly rater: string;
  readonly good: number;
  readonly bad: number;
  /** Weight of all that was said of the node in this kind. */
  readonly events: number;
  readonly updated_at: number;
  /** Days since 1970, and the weight that was said in this one. */
  readonly day: number;
  readonly said_today: number;
  readonly last_evidence: number;
}

export interface DeploymentRow {
  readonly id: string;
  readonly owner: string;
  readonly name: string;
  /** JSON of wire DeploymentSpec. */
  readonly spec: string;
  readonly version: number;
  readonly state: string;
  readonly created_at: number;
  readonly updated_at: number;
}

/** How a batch was placed. */
export interface PlacementPlanRow {
  readonly id: number;
  readonly owner: string;
  readonly time: number;
  /** JSON of wire PlacementPlan. */
  readonly plan: string;
  /** JSON of what was placed where, so that the decision can be made again; empty when it was too large. */
  readonly input: string;
}

export interface TopologySnapshotRow {
  readonly time: number;
  /** JSON of wire TopologySnapshot. */
  readonly snapshot: string;
}

export interface JobEventRow {
  readonly seq: number;
  readonly job: string;
  readonly idx: number | null;
  readonly time: number;
  readonly type: string;
  readonly node: string | null;
  readonly cause: string | null;
}

/** Who may read and use which content. */
export interface ContentRefRow {
  readonly account: string;
  readonly content: string;
  readonly size_bytes: number;
  /** When it was last sent, made, or named by a new job: to the day. */
  readonly created_at: number;
}

/** Content that nobody refers to any more; it goes when it has been so for longer than any upload takes. */
export interface UnusedBlobRow {
  readonly content: string;
  readonly size_bytes: number;
  readonly since: number;
  /** 1: its bytes are being removed, and nobody can come to refer to it before that is done. */
  readonly removing: number;
}

/** Content sent under a lease; a result may name only these. */
export interface LeaseUploadRow {
  readonly token: number;
  readonly content: string;
  readonly size_bytes: number;
}

/** Who leads what, until when by the database's clock. */
export interface LeadershipRow {
  readonly name: string;
  /** Grows with each change of the holder. */
  readonly epoch: number;
  /** Empty: nobody. */
  readonly holder: string;
  readonly address: string;
  readonly expires_at: number;
}

/** Secrets that all coordinators of the fog share. */
export interface FogSecretRow {
  readonly name: string;
  /** Base64. */
  readonly value: string;
  readonly created_at: number;
}

/** What was measured of a service level since that time, for a quarter of an hour. */
export interface SlaWindowRow {
  readonly tier: string;
  readonly since: number;
  /** JSON of the coordinator's counts. */
  readonly counts: string;
}

/** A job that did not get what its tier promises: one row a job and kind of promise. */
export interface SlaBreachRow {
  readonly job: string;
  readonly kind: string;
  readonly owner: string;
  readonly tier: string;
  readonly severity: string;
  readonly value: number;
  readonly promised: number;
  readonly node: string | null;
  readonly time: number;
}

/** Prices that were set after the node joined: they hold in place of those it joined with. */
export interface NodePriceRow {
  readonly node: string;
  /** JSON of wire Prices. */
  readonly prices: string;
  readonly set_at: number;
}

export interface Database {
  account: AccountRow;
  credential: CredentialRow;
  join_code: JoinCodeRow;
  node_owner: NodeOwnerRow;
  node: NodeRow;
  job: JobRow;
  task_result: TaskResultRow;
  attempt: AttemptRow;
  job_event: JobEventRow;
  content_ref: ContentRefRow;
  lease_upload: LeaseUploadRow;
  unused_blob: UnusedBlobRow;
  result_batch: ResultBatchRow;
  evidence: EvidenceRow;
  reputation: ReputationRow;
  deployment: DeploymentRow;
  placement_plan: PlacementPlanRow;
  topology_snapshot: TopologySnapshotRow;
  leadership: LeadershipRow;
  fog_secret: FogSecretRow;
  sla_window: SlaWindowRow;
  sla_breach: SlaBreachRow;
  node_price: NodePriceRow;
}
