/** Takes jobs, singly and in batches: checks them, names them, stores them, lets them wait or run. */
import { randomLabel } from '@fog/crypto';
import { type BatchKey, type Job, type JobBatch, JobId, type JobSpec, taskCount } from '@fog/wire';
import type { NodeCaller } from '../api.ts';
import type { References } from '../content/references.ts';
import type { Core } from '../core.ts';
import { fail } from '../errors.ts';
import type { Dispatcher } from '../lease/dispatcher.ts';
import { JOB_ID_CHARS } from '../limits.ts';
import { checkCycles } from './check-cycles.ts';
import { checkSchedule } from '../sla/check-schedule.ts';
import { checkTier } from '../sla/check-tier.ts';
import { checkClass } from '../verify/check-class.ts';
import { checkPossible } from './check-possible.ts';
import {
  type JobRecord,
  newJobRecord,
  openJobView,
  type ReplicaOf,
  storedJobView,
} from './job-record.ts';
import type { Needs } from './needs.ts';

interface Order {
  readonly id: string;
  readonly spec: JobSpec;
  readonly key: string | undefined;
  readonly replicaOf?: ReplicaOf | undefined;
  /** Of the caller, where a refusal may tell an operator more. */
  readonly role?: string | undefined;
}

interface SubmissionParts {
  readonly core: Core;
  readonly references: References;
  readonly needs: Needs;
  readonly dispatcher: Pick<Dispatcher, 'runTimes'>;
  /** The job is stored with the next commit; it may wait for others. */
  readonly accept: (job: JobRecord) => void;
}

export class Submissions {
  readonly #parts: SubmissionParts;
  /** Submissions under way by `account key`, so that two at once make one job. */
  readonly #underWay = new Map<string, Promise<Job[]>>();

  constructor(parts: SubmissionParts) {
    this.#parts = parts;
  }

  async submit(account: string, spec: JobSpec, key?: string, role?: string): Promise<Job> {
    const [job] = await this.#once(account, [{ id: newJobId(), spec, key, role }]);
    return job as Job;
  }

  /** All or none; answers in the order given. `needs` may name keys of the batch. */
  async submitBatch(account: string, batch: JobBatch, key?: string, role?: string): Promise<Job[]> {
    const ids = new Map<BatchKey, string>();
    for (const { key: name } of batch.jobs) {
      if (ids.has(name))
        throw inBatch(`Two jobs of the batch have the key "${name}".`, { key: name });
      ids.set(name, newJobId());
    }
    checkCycles(
      new Map(
        batch.jobs.map(({ key: name, spec }) => [name, (spec.needs ?? []).map((need) => need.job)]),
      ),
    );
    const orders = batch.jobs.map(({ key: name, spec }): Order => ({
      id: ids.get(name) ?? newJobId(),
      spec: withIds(name, spec, ids),
      key: key === undefined ? undefined : `${key}/${name}`,
      role,
    }));
    return this.#once(account, orders);
  }

  /** One replica of a deployment. */
  async submitReplica(account: string, spec: JobSpec, replicaOf: ReplicaOf): Promise<Job> {
    const [job] = await this.#create(account, [
      { id: newJobId(), spec, key: undefined, replicaOf },
    ]);
    return job as Job;
  }

  /** Throws as `submit` would now; takes nothing. */
  async check({ account, role }: NodeCaller, spec: JobSpec): Promise<void> {
    const { core, dispatcher } = this.#parts;
    await this.#checkOrders(account, [{ id: newJobId(), spec, key: undefined, role }]);
    checkSchedule(core, account, [spec], dispatcher.runTimes);
  }

  async #once(account: string, orders: readonly Order[]): Promise<Job[]> {
    const keys = orders.flatMap(({ key }) => key ?? []);
    if (keys.length === 0) return this.#create(account, orders);
    const flights = keys.map((key) => `${account} ${key}`);
    // Any of them: two that share one key would break the commit of both.
    const before = flights.find((flight) => this.#underWay.has(flight));
    if (before !== undefined) {
      await this.#underWay.get(before)?.catch(() => {});
      return this.#once(account, orders);
    }
    const created = this.#sameOrNew(account, orders);
    for (const flight of flights) this.#underWay.set(flight, created);
    try {
      return await created;
    } finally {
      for (const flight of flights) this.#underWay.delete(flight);
    }
  }

  async #sameOrNew(account: string, orders: readonly Order[]): Promise<Job[]> {
    const { core } = this.#parts;
    const keys = orders.map(({ key }) => key ?? '');
    const rows = await core.store.db
      .selectFrom('job')
      .selectAll()
      .where('owner', '=', account)
      .where('idempotency_key', 'in', keys)
      .execute();
    if (rows.length === 0) return this.#create(account, orders);
    const byKey = new Map(rows.map((row) => [row.idempotency_key, row]));
    return orders.map(({ key, spec }) => {
      const row = byKey.get(key ?? '');
      if (row === undefined || !isSameSpec(row.spec, spec)) throw otherBody(row?.id);
      const open = core.jobs.get(row.id);
      return open === undefined ? storedJobView(row) : openJobView(open);
    });
  }

  async #create(account: string, orders: readonly Order[]): Promise<Job[]> {
    const { core, accept, dispatcher } = this.#parts;
    await this.#checkOrders(account, orders);
    // Nothing is awaited from here on: what is taken in the meantime would not be counted.
    const specs = orders.map(({ spec }) => spec);
    checkSchedule(core, account, specs, dispatcher.runTimes);
    const jobs = orders.map(({ id, spec, key, replicaOf }) =>
      newJobRecord(
        { id, owner: account, spec, idempotencyKey: key, createdAt: core.clock.now(), replicaOf },
        core.openTasks,
      ),
    );
    // All in one turn, so that one commit holds the whole batch.
    for (const job of jobs) {
      core.jobs.set(job.id, job);
      core.journal.newJob(job);
      core.events.add(job, 'submitted');
    }
    for (const job of jobs) accept(job);
    const views = jobs.map(openJobView);
    await core.journal.committed();
    return views;
  }

  async #checkOrders(account: string, orders: readonly Order[]): Promise<void> {
    const { core, references, needs } = this.#parts;
    this.#checkLoad(account, orders);
    const inBatchIds = new Set(orders.map(({ id }) => id));
    for (const { spec, replicaOf, role } of orders) {
      if (spec.service === true && replicaOf === undefined) throw noService();
      checkDeadline(spec, core.clock.now());
      checkPossible(core, { account, role }, spec);
      checkClass(core, spec, account);
      checkTier(core, { account, role }, spec);
      await references.check(account, spec);
      const others = (spec.needs ?? []).map((need) => need.job).filter((id) => !inBatchIds.has(id));
      if (others.length > 0) await needs.check(account, others);
    }
  }

  #checkLoad(account: string, orders: readonly Order[]): void {
    const { core } = this.#parts;
    const { maxOpenTasks, maxOpenTasksPerAccount } = core.options;
    const tasks = orders.reduce((sum, { spec }) => sum + taskCount(spec), 0);
    if (core.openTasks.total + tasks > maxOpenTasks) {
      throw fail('COORDINATOR_OVERLOADED', {
        message: `The fog holds ${core.openTasks.total} open tasks and takes at most ${maxOpenTasks}. Try again when some have ended.`,
      });
    }
    if (core.openTasks.of(account) + tasks > maxOpenTasksPerAccount) {
      throw fail('COORDINATOR_QUOTA', {
        message: `This account has ${core.openTasks.of(account)} open tasks and may have ${maxOpenTasksPerAccount}. Try again when some have ended.`,
      });
    }
    if (core.journal.waitingMs > core.options.maxCommitMs) {
      throw fail('COORDINATOR_OVERLOADED', {
        message:
          'The database of the fog is too slow to take more work now. Try again in a moment.',
      });
    }
  }
}

function newJobId(): string {
  return `j${randomLabel(JOB_ID_CHARS)}`;
}

/** The spec with the keys in `needs` replaced by the ids the jobs get. */
function withIds(name: string, spec: JobSpec, ids: ReadonlyMap<string, string>): JobSpec {
  if (spec.needs === undefined) return spec;
  const needs = spec.needs.map((need) => {
    const job = ids.get(need.job) ?? need.job;
    if (!JobId.safeParse(job).success) {
      throw inBatch(
        `Job "${name}" needs "${need.job}", which is neither a job of the batch (${[...ids.keys()].slice(0, 5).join(', ')}) nor a job id.`,
        { key: name, need: need.job },
      );
    }
    return { ...need, job };
  });
  return { ...spec, needs };
}

function inBatch(message: string, details: Record<string, unknown>): Error {
  return fail('COORDINATOR_BATCH', { message, details });
}

/** Ids in `needs` differ when a batch is sent again: its keys stand for them. */
function isSameSpec(stored: string, spec: JobSpec): boolean {
  if (spec.needs === undefined) return stored === JSON.stringify(spec);
  const count = (text: { readonly needs?: readonly unknown[] | undefined }): number =>
    text.needs?.length ?? 0;
  const before = JSON.parse(stored) as JobSpec;
  const strip = ({ needs: _needs, ...rest }: JobSpec): string => JSON.stringify(rest);
  return count(before) === count(spec) && strip(before) === strip(spec);
}

function otherBody(job: string | undefined): Error {
  const which = job === undefined ? 'other jobs' : `job ${job}, whose spec differs`;
  return fail('COORDINATOR_IDEMPOTENCY', {
    message: `The idempotency key was used for ${which}. Use a new key for a new job.`,
    details: job === undefined ? {} : { job },
  });
}

function noService(): Error {
  return fail('COORDINATOR_DEPLOYMENT', {
    message:
      'Only replicas of a deployment run without end. Leave "service" out, or create a deployment.',
  });
}

function checkDeadline({ deadlineAt }: JobSpec, now: number): void {
  if (deadlineAt === undefined || deadlineAt > now) return;
  throw fail('COORDINATOR_DEADLINE', {
    message: `The deadline ${new Date(deadlineAt).toISOString()} has passed already: it is ${new Date(now).toISOString()} here. Give a later one.`,
    details: { deadlineAt, now },
  });
}
