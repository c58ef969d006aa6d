/** What the database holds after a run. */
import type { AttemptRow, JobEventRow, Store } from '@fog/store';

export interface StoredJob {
  readonly id: string;
  readonly state: string;
  readonly key: string;
  readonly taskCount: number;
  readonly cause: string | null;
}

export interface StoredResult {
  readonly state: string;
  readonly node: string | null;
  readonly outcome: string;
}

export interface History {
  readonly jobs: ReadonlyMap<string, StoredJob>;
  /** By `job index`. */
  readonly results: ReadonlyMap<string, StoredResult>;
  readonly attempts: ReadonlyMap<string, readonly AttemptRow[]>;
  readonly events: ReadonlyMap<string, readonly JobEventRow[]>;
  /** Names of nodes by id. */
  readonly nodes: ReadonlyMap<string, string>;
}

export function taskKey(job: string, index: number): string {
  return `${job} ${index}`;
}

export async function readHistory({ db }: Store): Promise<History> {
  const jobs = await db.selectFrom('job').selectAll().execute();
  const results = await db.selectFrom('task_result').selectAll().execute();
  const attempts = await db.selectFrom('attempt').selectAll().orderBy('token').execute();
  const events = await db.selectFrom('job_event').selectAll().orderBy('seq').execute();
  const nodes = await db.selectFrom('node').select(['id', 'name']).execute();
  return {
    jobs: new Map(
      jobs.map(({ id, state, idempotency_key: key, task_count: taskCount, cause }) => [
        id,
        { id, state, key: key ?? '', taskCount, cause },
      ]),
    ),
    results: new Map(results.map((row) => [taskKey(row.job, row.idx), row])),
    attempts: Map.groupBy(attempts, ({ job, idx }) => taskKey(job, idx)),
    events: Map.groupBy(events, ({ job }) => job),
    nodes: new Map(nodes.map(({ id, name }) => [id, name])),
  };
}
