import { randomLabel } from '@fog/crypto';
import { type Job, type JobSpec, taskCount } from '@fog/wire';
import type { Core } from '../core.ts';
import type { References } from '../content/references.ts';
import { fail } from '../errors.ts';
import type { Dispatcher } from '../lease/dispatcher.ts';
import { type JobRecord, newJobRecord, openJobView, storedJobView } from './job-record.ts';

/** Characters of a job id after its `j`: 60 random bits. */
const JOB_ID_CHARS = 12;

export class Submissions {
  readonly #core: Core;
  readonly #references: References;
  readonly #dispatcher: Dispatcher;
  /** Submissions under way by `account key`, so that two at once make one job. */
  readonly #underWay = new Map<string, Promise<Job>>();

  constructor(core: Core, references: References, dispatcher: Dispatcher) {
    this.#core = core;
    this.#references = references;
    this.#dispatcher = dispatcher;
  }

  async submit(account: string, spec: JobSpec, key?: string): Promise<Job> {
    if (key === undefined) return this.#create(account, spec, undefined);
    const flight = `${account} ${key}`;
    const before = this.#underWay.get(flight);
    if (before !== undefined) {
      await before.catch(() => {});
      return this.submit(account, spec, key);
    }
    const created = this.#sameOrNew(account, spec, key);
    this.#underWay.set(flight, created);
    try {
      return await created;
    } finally {
      this.#underWay.delete(flight);
    }
  }

  async #sameOrNew(account: string, spec: JobSpec, key: string): Promise<Job> {
    const row = await this.#core.store.db
      .selectFrom('job')
      .selectAll()
      .where('owner', '=', account)
      .where('idempotency_key', '=', key)
      .executeTakeFirst();
    if (row === undefined) return this.#create(account, spec, key);
    if (row.spec !== JSON.stringify(spec)) {
      throw fail('COORDINATOR_IDEMPOTENCY', {
        message: `The idempotency key was used for job ${row.id}, whose spec differs. Use a new key for a new job.`,
        details: { job: row.id },
      });
    }
    const open = this.#core.jobs.get(row.id);
    return open === undefined ? storedJobView(row) : openJobView(open);
  }

  async #create(account: string, spec: JobSpec, key: string | undefined): Promise<Job> {
    const core = this.#core;
    this.#checkLoad(taskCount(spec));
    await this.#references.check(account, spec);
    const job = newJobRecord({
      id: `j${randomLabel(JOB_ID_CHARS)}`,
      owner: account,
      spec,
      idempotencyKey: key,
      createdAt: core.clock.now(),
    });
    core.jobs.set(job.id, job);
    core.journal.newJob(job);
    core.events.add(job, 'submitted');
    queue(core, job);
    this.#dispatcher.enqueue(job);
    this.#dispatcher.kick();
    const view = openJobView(job);
    await core.journal.committed();
    return view;
  }

  #checkLoad(tasks: number): void {
    let open = tasks;
    for (const job of this.#core.jobs.values()) open += job.board.open;
    if (open > this.#core.options.maxOpenTasks) {
      throw fail('COORDINATOR_OVERLOADED', {
        message: `The fog holds ${open - tasks} open tasks and takes at most ${this.#core.options.maxOpenTasks}. Try again when some have ended.`,
      });
    }
  }
}

function queue(core: Core, job: JobRecord): void {
  job.state = 'queued';
  core.events.add(job, 'queued');
}
