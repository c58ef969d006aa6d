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
  Store,
  TaskResultRow,
} from '@fog/store';
import { sql, type Transaction } from 'kysely';
import { fail } from './errors.ts';
import { type JobRecord, jobRow } from './job/job-record.ts';
import { type NodeRecord, nodeRow } from './registry/node-record.ts';

/** Rows in one statement: well below SQLite's 32,766 and PostgreSQL's 65,535 parameters. */
const ROWS_PER_STATEMENT = 500;

/** What a heartbeat changes. */
type SeenRow = Pick<NodeRow, 'id' | 'last_seen_at' | 'rtt_ms'>;

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
        await writeBatch(trx.withoutPlugins(), taken);
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

async function writeBatch(trx: Transaction<Database>, batch: TakenBatch): Promise<void> {
  await inserted(batch.newJobRows, (rows) => trx.insertInto('job').values(rows).execute());
  for (const row of batch.jobRows) await updateJob(trx, row);
  await inserted([...batch.attempts.values()], (rows) => upsertAttempts(trx, rows));
  await inserted(batch.resultBatches, (rows) =>
    trx.insertInto('result_batch').values(rows).execute(),
  );
  await inserted(batch.evidence, (rows) => trx.insertInto('evidence').values(rows).execute());
  await inserted(batch.results, (rows) => trx.insertInto('task_result').values(rows).execute());
  await inserted(batch.events, (rows) => trx.insertInto('job_event').values(rows).execute());
  await inserted(batch.nodeRows, (rows) => upsertNodes(trx, rows));
  await inserted([...batch.seen.values()], (rows) => updateSeen(trx, rows));
  await inserted([...batch.contentRefs.values()], (rows) =>
    trx
      .insertInto('content_ref')
      .values(rows)
      .onConflict((c) => c.columns(['account', 'content']).doNothing())
      .execute(),
  );
  for (const [id, row] of batch.deployments) await writeDeployment(trx, id, row);
  await inserted(batch.uploads, (rows) =>
    trx
      .insertInto('lease_upload')
      .values(rows)
      .onConflict((c) => c.columns(['token', 'content']).doNothing())
      .execute(),
  );
}

async function inserted<Row>(
  rows: readonly Row[],
  insert: (rows: readonly Row[]) => Promise<unknown>,
): Promise<void> {
  for (let from = 0; from < rows.length; from += ROWS_PER_STATEMENT) {
    await insert(rows.slice(from, from + ROWS_PER_STATEMENT));
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

async function upsertAttempts(
  trx: Transaction<Database>,
  rows: readonly AttemptRow[],
): Promise<void> {
  await trx
    .insertInto('attempt')
    .values(rows)
    .onConflict((c) =>
      c.column('token').doUpdateSet((e) => ({
        state: e.ref('excluded.state'),
        ended_at: e.ref('excluded.ended_at'),
        failure: e.ref('excluded.failure'),
        outcome: e.ref('excluded.outcome'),
        digest: e.ref('excluded.digest'),
        batch: e.ref('excluded.batch'),
        runtime_version: e.ref('excluded.runtime_version'),
      })),
    )
    .execute();
}

/** One statement for many nodes, by joining the table with the new values. */
async function updateSeen(trx: Transaction<Database>, rows: readonly SeenRow[]): Promise<void> {
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

async function upsertNodes(trx: Transaction<Database>, rows: readonly NodeRow[]): Promise<void> {
  await trx
    .insertInto('node')
    .values(rows)
    .onConflict((c) =>
      c.column('id').doUpdateSet((e) => ({
        owner: e.ref('excluded.owner'),
        name: e.ref('excluded.name'),
        capabilities: e.ref('excluded.capabilities'),
        node_key: e.ref('excluded.node_key'),
        settled: e.ref('excluded.settled'),
        failed: e.ref('excluded.failed'),
        last_seen_at: e.ref('excluded.last_seen_at'),
        profile: e.ref('excluded.profile'),
        mode: e.ref('excluded.mode'),
        rtt_ms: e.ref('excluded.rtt_ms'),
        bandwidth_mbps: e.ref('excluded.bandwidth_mbps'),
        failures: e.ref('excluded.failures'),
        cool_until: e.ref('excluded.cool_until'),
      })),
    )
    .execute();
}
