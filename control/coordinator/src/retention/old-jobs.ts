/** Ended jobs that are older than the fog keeps them, with all that was stored for them. */
import type { Store, WriteWork } from '@fog/store';
import type { Core } from '../core.ts';
import { addUnused } from './unused-blobs.ts';
import { PAGE_JOBS, STEP_ROWS } from './limits.ts';

type Transaction = Parameters<WriteWork<unknown>>[0];

/** Between two steps; false when there is to be no further one. */
export type Pause = () => Promise<boolean>;

export interface Outcome {
  readonly removed: number;
  /** When the oldest job began whose content must stay, but for services: theirs is known by name. */
  readonly oldest: number;
}

interface OldJob {
  readonly id: string;
  readonly created_at: number;
  readonly ended_at: number | null;
  readonly deployment: string | null;
}

/** Undefined when it was told to stop. */
export async function removeOldJobs(
  core: Core,
  before: number,
  pause: Pause,
): Promise<Outcome | undefined> {
  const newest = await newestJobs(core.store);
  let removed = 0;
  let oldest = before;
  for await (const page of jobsBegun(core.store, before)) {
    const old: string[] = [];
    for (const { id, created_at, ended_at, deployment } of page) {
      const isOld = ended_at !== null && ended_at < before;
      if (isOld && !newest.has(id) && !isNeeded(core, id)) old.push(id);
      else if (ended_at !== null || deployment === null) oldest = Math.min(oldest, created_at);
    }
    if (old.length > 0 && !(await removeJobs(core, old, pause))) return undefined;
    removed += old.length;
  }
  return (await removeSignatures(core.store, oldest, pause)) ? { removed, oldest } : undefined;
}

/** Numbers of attempts and events go on from the highest that are stored: their jobs stay. */
async function newestJobs({ db }: Store): Promise<Set<string>> {
  const attempt = await db
    .selectFrom('attempt')
    .select('job')
    .orderBy('token', 'desc')
    .limit(1)
    .executeTakeFirst();
  const event = await db
    .selectFrom('job_event')
    .select('job')
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  return new Set([attempt, event].flatMap((row) => row?.job ?? []));
}

/** Pages of those of each account, the oldest first: in the order of the index there is. */
async function* jobsBegun({ db }: Store, before: number): AsyncGenerator<readonly OldJob[]> {
  for (let owner = await ownerAfter(db, ''); owner !== null; owner = await ownerAfter(db, owner)) {
    const ofOwner = db.selectFrom('job').where('owner', '=', owner);
    let last: Pick<OldJob, 'id' | 'created_at'> = { id: '', created_at: -1 };
    for (;;) {
      const { id, created_at } = last;
      const page = await ofOwner
        .select(['id', 'created_at', 'ended_at', 'deployment'])
        .where('created_at', '<', before)
        .where((e) =>
          e.or([
            e('created_at', '>', created_at),
            e.and([e('created_at', '=', created_at), e('id', '>', id)]),
          ]),
        )
        .orderBy('created_at')
        .orderBy('id')
        .limit(PAGE_JOBS)
        .execute();
      const end = page.at(-1);
      if (end === undefined) break;
      yield page;
      last = end;
    }
  }
}

async function ownerAfter(db: Store['db'], owner: string): Promise<string | null> {
  const next = await db
    .selectFrom('job')
    .select((e) => e.fn.min('owner').as('owner'))
    .where('owner', '>', owner)
    .executeTakeFirst();
  return next?.owner ?? null;
}

/** Its results are the input of a job that is not done. */
function isNeeded(core: Core, id: string): boolean {
  for (const { spec } of core.jobs.values()) {
    if (spec.needs?.some(({ job }) => job === id) === true) return true;
  }
  return false;
}

/** The jobs themselves go last: after a stop in between the next round goes on. */
async function removeJobs(core: Core, ids: readonly string[], pause: Pause): Promise<boolean> {
  const { store, clock, verify } = core;
  for (const remove of [removeAttempts, removeResults, removeEvents]) {
    while ((await store.write((trx) => remove(trx, ids, clock.now()))) === STEP_ROWS) {
      if (!(await pause())) return false;
    }
  }
  await store.write(async (trx) => {
    await trx.deleteFrom('sla_breach').where('job', 'in', ids).execute();
    await trx.deleteFrom('job').where('id', 'in', ids).execute();
  });
  core.endedJobs -= ids.length;
  const kept = verify.knownAnswers.filter(({ job }) => !ids.includes(job.id));
  verify.knownAnswers.splice(0, verify.knownAnswers.length, ...kept);
  return pause();
}

/** How many; so do the two below. */
async function removeAttempts(
  trx: Transaction,
  jobs: readonly string[],
  now: number,
): Promise<number> {
  const rows = await trx
    .selectFrom('attempt')
    .select('token')
    .where('job', 'in', jobs)
    .limit(STEP_ROWS)
    .execute();
  if (rows.length === 0) return 0;
  const tokens = rows.map(({ token }) => token);
  const uploads = await trx
    .deleteFrom('lease_upload')
    .where('token', 'in', tokens)
    .returning(['content', 'size_bytes'])
    .execute();
  await trx.deleteFrom('attempt').where('token', 'in', tokens).execute();
  await addUnused(trx, uploads, now);
  return rows.length;
}

async function removeResults(trx: Transaction, jobs: readonly string[]): Promise<number> {
  const some = trx
    .selectFrom('task_result')
    .select(['job', 'idx'])
    .where('job', 'in', jobs)
    .limit(STEP_ROWS);
  const { numDeletedRows } = await trx
    .deleteFrom('task_result')
    .where((e) => e(e.refTuple('job', 'idx'), 'in', some.$asTuple('job', 'idx')))
    .executeTakeFirst();
  return Number(numDeletedRows);
}

async function removeEvents(trx: Transaction, jobs: readonly string[]): Promise<number> {
  const some = trx.selectFrom('job_event').select('seq').where('job', 'in', jobs).limit(STEP_ROWS);
  const { numDeletedRows } = await trx
    .deleteFrom('job_event')
    .where('seq', 'in', some)
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/** Signatures of results that came before any job that is kept began; their numbers go on from the highest. */
async function removeSignatures(store: Store, before: number, pause: Pause): Promise<boolean> {
  const remove = (trx: Transaction): Promise<boolean> => removeSomeSignatures(trx, before);
  while (await store.write(remove)) if (!(await pause())) return false;
  return true;
}

async function removeSomeSignatures(trx: Transaction, before: number): Promise<boolean> {
  const last = await trx
    .selectFrom('result_batch')
    .select((e) => e.fn.max('id').as('id'))
    .executeTakeFirst();
  const first = trx.selectFrom('result_batch').select('id').orderBy('id').limit(STEP_ROWS);
  const { numDeletedRows } = await trx
    .deleteFrom('result_batch')
    .where('id', 'in', first)
    .where('id', '<', last?.id ?? 0)
    .where('received_at', '<', before)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}
