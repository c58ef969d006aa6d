/**
 * What changed since the last commit, written as a few multi-row statements in one group commit.
 * Memory is ahead of the store by at most one commit; nobody is told of a change before it is durable.
 * After a failed commit none follows: it would store consequences of changes that were lost.
 */
import type {
  AttemptRow,
  DeploymentRow,
  EvidenceRow,
  ResultBatchRow,
  ContentRefRow,
  Database,
  JobEventRow,
  JobRow,
  LeaseUploadRow,
  NodeRow,
  ReputationRow,
  SlaBreachRow,
  Store,
  TaskResultRow,
} from '@fog/store';
import { sql, type Transaction } from 'kysely';
import { fail } from './errors.ts';
import { type JobRecord, jobRow } from './job/job-record.ts';
import { type NodeRecord, nodeRow } from './registry/node-record.ts';

/** Rows in one statement: well below SQLite's 32,766 and PostgreSQL's 65,535 parameters. */
const ROWS_PER_STATEMENT = 500;

const ATTEMPT_KNOWN = {
  columns: ['token'],
  update: ['state', 'ended_at', 'failure', 'outcome', 'digest', 'batch', 'runtime_version'],
} as const;
const NODE_KNOWN = {
  columns: ['id'],
  update: [
    'owner',
    'name',
    'capabilities',
    'node_key',
    'settled',
    'failed',
    'last_seen_at',
    'profile',
    'mode',
    'rtt_ms',
    'bandwidth_mbps',
    'failures',
    'cool_until',
  ],
} as const;

const REPUTATION_KNOWN = {
  columns: ['node', 'kind', 'rater'],
  update: ['owner', 'good', 'bad', 'events', 'updated_at', 'day', 'said_today', 'last_evidence'],
} as const;

/** Found again, it is worse by now. */
const BREACH_KNOWN = {
  columns: ['job', 'kind'],
  update: ['severity', 'value', 'node'],
} as const;

/** What a heartbeat changes. */
type SeenRow = Pick<NodeRow, 'id' | 'last_seen_at' | 'rtt_ms'>;

export type ReputationKey = Pick<ReputationRow, 'node' | 'kind' | 'rater'>;

interface Batch {
  readonly newJobs: Set<JobRecord>;
  readonly jobs: Set<JobRecord>;
  readonly results: TaskResultRow[];
  /** By token: a later state of an attempt replaces an earlier one of the same batch. */
  readonly attempts: Map<number, AttemptRow>;
  readonly events: JobEventRow[];
  readonly nodes: Set<NodeRecord>;
  readonly seen: Map<string, SeenRow>;
  readonly contentRefs: Map<string, ContentRefRow>;
  readonly uploads: LeaseUploadRow[];
  readonly resultBatches: ResultBatchRow[];
  readonly evidence: EvidenceRow[];
  /** By job and kind: no statement may meet one twice. */
  readonly breaches: Map<string, SlaBreachRow>;
  /** By node, kind and rater; undefined: it is deleted. */
  readonly reputation: Map<string, { readonly key: ReputationKey; readonly row?: ReputationRow }>;
  /** By id; undefined: it is deleted. */
  readonly deployments: Map<string, DeploymentRow | undefined>;
  readonly afterCommit: (() => void)[];
}

interface TakenBatch extends Batch {
  readonly newJobRows: readonly JobRow[];
  readonly jobRows: readonly JobRow[];
  readonly nodeRows: readonly NodeRow[];
}

function emptyBatch(): Batch {
  return {
    newJobs: new Set(),
    jobs: new Set(),
    results: [],
    attempts: new Map(),
    events: [],
    nodes: new Set(),
    seen: new Map(),
    contentRefs: new Map(),
    uploads: [],
    resultBatches: [],
    evidence: [],
    breaches: new Map(),
    reputation: new Map(),
    deployments: new Map(),
    afterCommit: [],
  };
}

export class Journal {
  readonly #store: Store;
  readonly #nowMs: () => number;
  readonly #onFailure: (error: unknown) => void;
  /** When each commit under way was begun. */
  readonly #sinceMs: number[] = [];
  #batch: Batch = emptyBatch();
  #commit: Promise<void> | undefined;
  #last: Promise<void> = Promise.resolve();
  #failed = false;
  #closed = false;

  /** `onFailure`: a commit failed, so memory and store disagree; the owner must start again from the store. */
  constructor(parts: {
    readonly store: Store;
    /** Monotonic milliseconds. */
    nowMs(): number;
    onFailure(error: unknown): void;
  }) {
    this.#store = parts.store;
    this.#nowMs = () => parts.nowMs();
    this.#onFailure = (error) => parts.onFailure(error);
  }

  newJob(job: JobRecord): void {
    this.#open().newJobs.add(job);
  }

  job(job: JobRecord): void {
    this.#open().jobs.add(job);
  }

  result(row: TaskResultRow): void {
    this.#open().results.push(row);
  }

  attempt(row: AttemptRow): void {
    this.#open().attempts.set(row.token, row);
  }

  event(row: JobEventRow): void {
    this.#open().events.push(row);
  }

  node(node: NodeRecord): void {
    this.#open().nodes.add(node);
  }

  /** Stored with the next commit, whatever that is for; `flush` brings one about. */
  nodeSoon(node: NodeRecord): void {
    if (this.#closed) throw fail('COORDINATOR_STOPPED');
    this.#batch.nodes.add(node);
  }

  /** Commits what waits for company. */
  flush(): void {
    if (this.#batch.nodes.size > 0) this.#open();
  }

  seen(row: SeenRow): void {
    this.#open().seen.set(row.id, row);
  }

  contentRef(row: ContentRefRow): void {
    this.#open().contentRefs.set(`${row.account} ${row.content}`, row);
  }

  upload(row: LeaseUploadRow): void {
    this.#open().uploads.push(row);
  }

  resultBatch(row: ResultBatchRow): void {
    this.#open().resultBatches.push(row);
  }

  evidence(row: EvidenceRow): void {
    this.#open().evidence.push(row);
  }

  breach(row: SlaBreachRow): void {
    const { breaches } = this.#open();
    const key = `${row.job} ${row.kind}`;
    breaches.set(key, { ...row, time: breaches.get(key)?.time ?? row.time });
  }

  reputation(row: ReputationRow): void {
    this.#open().reputation.set(reputationKey(row), { key: row, row });
  }

  reputationGone(key: ReputationKey): void {
    this.#open().reputation.set(reputationKey(key), { key });
  }

  deployment(row: DeploymentRow): void {
    this.#open().deployments.set(row.id, row);
  }

  deploymentGone(id: string): void {
    this.#open().deployments.set(id, undefined);
  }

  /** Runs after the commit that holds everything noted so far. */
  afterCommit(task: () => void): void {
    this.#open().afterCommit.push(task);
  }

  /** Resolves when everything noted so far is durable. */
  committed(): Promise<void> {
    return this.#commit ?? this.#last;
  }

  /** Nothing noted waits to be durable. */
  get isDurable(): boolean {
    return this.#sinceMs.length === 0;
  }

  /** How long the oldest change has waited to be durable. */
  get waitingMs(): number {
    const [oldest] = this.#sinceMs;
    return oldest === undefined ? 0 : this.#nowMs() - oldest;
  }

  /** Refuses further notes and commits what is noted; the store may then have another writer. */
  close(): Promise<void> {
    if (!this.#closed) this.flush();
    this.#closed = true;
    return this.committed();
  }

  #open(): Batch {
    if (this.#closed) throw fail('COORDINATOR_STOPPED');
    this.#commit ??= this.#schedule();
    return this.#batch;
  }

  #schedule(): Promise<void> {
    const before = this.#last;
    let taken: TakenBatch | undefined;
    this.#sinceMs.push(this.#nowMs());
    const commit = this.#store
      .write(async (trx) => {
        taken ??= this.#take();
        // Settled by now, as it was in an earlier group; throws when it failed.
        await before;
        // No statement here has a list that could be empty, which is all the plugin looks for.
        await writeBatch(trx.withoutPlugins(), this.#store.insertRows, taken);
      })
      .finally(() => this.#sinceMs.shift())
      .then(() => {
        for (const task of taken?.afterCommit ?? []) task();
      });
    commit.catch((error: unknown) => this.#fail(error));
    this.#last = commit;
    return commit;
  }

  /** The rows of jobs and nodes as they are now: the other rows of the batch describe this moment too. */
  #take(): TakenBatch {
    const batch = this.#batch;
    this.#batch = emptyBatch();
    this.#commit = undefined;
    const changed = [...batch.jobs].filter((job) => !batch.newJobs.has(job));
    return {
      ...batch,
      newJobRows: [...batch.newJobs].map(jobRow),
      jobRows: changed.map(jobRow),
      nodeRows: [...batch.nodes].map(nodeRow),
    };
  }

  /** Told once: the commits that wait behind a failed one fail with it. */
  #fail(error: unknown): void {
    if (!this.#failed) this.#onFailure(error);
    this.#failed = true;
  }
}

async function writeBatch(
  trx: Transaction<Database>,
  insert: Store['insertRows'],
  batch: TakenBatch,
): Promise<void> {
  await insert(trx, { table: 'job', rows: batch.newJobRows });
  for (const row of batch.jobRows) await updateJob(trx, row);
  const attempts = [...batch.attempts.values()];
  await insert(trx, { table: 'attempt', rows: attempts, conflict: ATTEMPT_KNOWN });
  await insert(trx, { table: 'result_batch', rows: batch.resultBatches });
  await insert(trx, { table: 'evidence', rows: batch.evidence });
  await writeReputation(trx, insert, [...batch.reputation.values()]);
  await insert(trx, { table: 'task_result', rows: batch.results });
  await insert(trx, { table: 'job_event', rows: batch.events });
  const breaches = [...batch.breaches.values()];
  await insert(trx, { table: 'sla_breach', rows: breaches, conflict: BREACH_KNOWN });
  await insert(trx, { table: 'node', rows: batch.nodeRows, conflict: NODE_KNOWN });
  await updateSeen(trx, [...batch.seen.values()]);
  // In one order everywhere: coordinators that store the same references wait for each other, and no more.
  const refs = [...batch.contentRefs.values()].sort((a, b) => (a.content < b.content ? -1 : 1));
  const refKnown = { columns: ['account', 'content'], update: ['created_at'] } as const;
  await insert(trx, { table: 'content_ref', rows: refs, conflict: refKnown });
  for (const [id, row] of batch.deployments) await writeDeployment(trx, id, row);
  const uploadKnown = { columns: ['token', 'content'], update: [] } as const;
  await insert(trx, { table: 'lease_upload', rows: batch.uploads, conflict: uploadKnown });
  await markUsed(trx, [...refs, ...batch.uploads]);
}

async function writeReputation(
  trx: Transaction<Database>,
  insert: Store['insertRows'],
  changes: readonly { readonly key: ReputationKey; readonly row?: ReputationRow }[],
): Promise<void> {
  const rows = changes.flatMap(({ row }) => (row === undefined ? [] : [row]));
  await insert(trx, { table: 'reputation', rows, conflict: REPUTATION_KNOWN });
  for (const { key, row } of changes) {
    if (row !== undefined) continue;
    await trx
      .deleteFrom('reputation')
      .where('node', '=', key.node)
      .where('kind', '=', key.kind)
      .where('rater', '=', key.rater)
      .execute();
  }
}

async function updateJob(trx: Transaction<Database>, row: JobRow): Promise<void> {
  const { id, spec: _spec, ...changed } = row;
  await trx.updateTable('job').set(changed).where('id', '=', id).execute();
}

async function writeDeployment(
  trx: Transaction<Database>,
  id: string,
  row: DeploymentRow | undefined,
): Promise<void> {
  if (row === undefined) {
    await trx.deleteFrom('deployment').where('id', '=', id).execute();
    return;
  }
  const { id: _id, ...changed } = row;
  await trx
    .insertInto('deployment')
    .values(row)
    .onConflict((c) => c.column('id').doUpdateSet(changed))
    .execute();
}

/** What is referred to again is not removed, unless that has begun. */
async function markUsed(
  trx: Transaction<Database>,
  used: readonly { readonly content: string }[],
): Promise<void> {
  for (let from = 0; from < used.length; from += ROWS_PER_STATEMENT) {
    const contents = used.slice(from, from + ROWS_PER_STATEMENT).map(({ content }) => content);
    await trx
      .deleteFrom('unused_blob')
      .where('content', 'in', contents)
      .where('removing', '=', 0)
      .execute();
  }
}

/** One statement for many nodes, by joining the table with the new values. */
async function updateSeen(trx: Transaction<Database>, all: readonly SeenRow[]): Promise<void> {
  for (let from = 0; from < all.length; from += ROWS_PER_STATEMENT) {
    await updateSome(trx, all.slice(from, from + ROWS_PER_STATEMENT));
  }
}

async function updateSome(trx: Transaction<Database>, rows: readonly SeenRow[]): Promise<void> {
  const values = sql.join(
    rows.map(
      (row) =>
        sql`(${row.id}, cast(${row.last_seen_at} as bigint), cast(${row.rtt_ms} as double precision))`,
    ),
  );
  await sql`
    with seen (id, last_seen_at, rtt_ms) as (values ${values})
    update node set last_seen_at = seen.last_seen_at, rtt_ms = seen.rtt_ms
    from seen where node.id = seen.id`.execute(trx);
}

function reputationKey({ node, kind, rater }: ReputationKey): string {
  return `${node} ${kind} ${rater}`;
}
