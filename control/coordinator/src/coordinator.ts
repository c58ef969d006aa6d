import type { Clock, Health, Logger } from '@fog/kernel';
import type { Store } from '@fog/store';
import { arrayItem, type FogNode, type FogStatus, type Job, type JobSpec } from '@fog/wire';
import type { AgentLink, AgentSession, CoordinatorApi, FogListener, JobListener } from './api.ts';
import { References } from './content/references.ts';
import type { Core } from './core.ts';
import { fail } from './errors.ts';
import { JobEvents } from './job/job-events.ts';
import type { JobRecord } from './job/job-record.ts';
import { cancelJob } from './job/lifecycle.ts';
import { JobQueries, noJob } from './job/queries.ts';
import { Submissions } from './job/submissions.ts';
import { waitingFor } from './job/waiting-for.ts';
import { Journal } from './journal.ts';
import { Dispatcher } from './lease/dispatcher.ts';
import type { LeaseRecord } from './lease/lease-record.ts';
import { ResultDesk } from './lease/result-desk.ts';
import { specForAgent } from './lease/work-messages.ts';
import { Listeners } from './live/listeners.ts';
import { LiveOutput } from './live/live-output.ts';
import { MAX_LEASE_UPLOADS } from './limits.ts';
import { type CoordinatorOptions, defaultCoordinatorOptions } from './options.ts';
import { lastNumbers, recover } from './recover.ts';
import { Registry } from './registry/registry.ts';

export interface CoordinatorDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Id of the fog's identity. */
  readonly fogId: string;
}

interface Parts {
  readonly core: Core;
  readonly dispatcher: Dispatcher;
  readonly registry: Registry;
  readonly references: References;
  readonly submissions: Submissions;
  readonly queries: JobQueries;
}

/** Registry, leases and job lifecycle over one store. Everything it acknowledges is durable. */
export function createCoordinator(
  options: Partial<CoordinatorOptions>,
  deps: CoordinatorDeps,
): CoordinatorApi {
  return new Coordinator({ ...defaultCoordinatorOptions, ...options }, deps);
}

class Coordinator implements CoordinatorApi {
  readonly name = 'coordinator';
  readonly requires = ['store'];
  readonly restartable = true;
  readonly fogId: string;
  readonly #options: CoordinatorOptions;
  readonly #deps: CoordinatorDeps;
  #parts: Parts | undefined;
  #storeFailure: unknown;

  constructor(options: CoordinatorOptions, deps: CoordinatorDeps) {
    this.#options = options;
    this.#deps = deps;
    this.fogId = deps.fogId;
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#storeFailure = undefined;
    const last = await lastNumbers(this.#deps.store);
    signal.throwIfAborted();
    const parts = this.#assemble(last);
    await recover(parts.core);
    signal.throwIfAborted();
    this.#parts = parts;
    for (const job of parts.core.jobs.values()) parts.dispatcher.enqueue(job);
    parts.registry.start();
  }

  async stop(): Promise<void> {
    const parts = this.#parts;
    if (parts === undefined) return;
    this.#parts = undefined;
    parts.dispatcher.stop();
    parts.registry.stop();
    await parts.core.journal.close().catch(() => {});
  }

  async health(): Promise<Health> {
    if (this.#storeFailure !== undefined) {
      return { state: 'unhealthy', detail: 'the last commit failed; the service starts again' };
    }
    if (this.#parts === undefined) return { state: 'unhealthy', detail: 'not started' };
    await this.#deps.store.db.selectFrom('job').select('id').limit(1).execute();
    return { state: 'healthy' };
  }

  #assemble(last: { readonly token: number; readonly seq: number }): Parts {
    const { store, clock, logger } = this.#deps;
    const listeners = new Listeners();
    const journal = new Journal(store, (error) => {
      this.#storeFailure = error;
      logger.error('a commit failed', { error });
    });
    const events = new JobEvents({ journal, listeners, now: () => clock.now(), lastSeq: last.seq });
    const core: Core = {
      options: this.#options,
      store,
      clock,
      logger,
      journal,
      events,
      listeners,
      live: new LiveOutput(),
      jobs: new Map(),
      nodes: new Map(),
      leases: new Map(),
      lastToken: last.token,
      endedJobs: 0,
    };
    const dispatcher = new Dispatcher(core);
    const references = new References(core);
    const nameOf = (id: string): string => core.nodes.get(id)?.name ?? id;
    const explain = (job: JobRecord): string | undefined =>
      waitingFor(job, dispatcher.task(job), dispatcher.fleet(), nameOf);
    return {
      core,
      dispatcher,
      references,
      registry: new Registry(core, dispatcher, new ResultDesk(core, dispatcher)),
      submissions: new Submissions(core, references, dispatcher),
      queries: new JobQueries(core, explain),
    };
  }

  get #running(): Parts {
    if (this.#parts === undefined) throw fail('COORDINATOR_STOPPED');
    if (this.#storeFailure === undefined) return this.#parts;
    throw fail('COORDINATOR_STOPPED', {
      message:
        'The coordinator could not store a change and starts again from what is stored. Try again in two minutes.',
      cause: this.#storeFailure,
    });
  }

  attach(link: AgentLink): AgentSession {
    return this.#running.registry.attach(link);
  }

  async submit(account: string, spec: JobSpec, idempotencyKey?: string): Promise<Job> {
    return this.#running.submissions.submit(account, spec, idempotencyKey);
  }

  job: CoordinatorApi['job'] = async (...args) => this.#running.queries.job(...args);
  jobs: CoordinatorApi['jobs'] = async (...args) => this.#running.queries.jobs(...args);
  results: CoordinatorApi['results'] = async (...args) => this.#running.queries.results(...args);
  task: CoordinatorApi['task'] = async (...args) => this.#running.queries.task(...args);
  events: CoordinatorApi['events'] = async (...args) => this.#running.queries.events(...args);

  async cancel(account: string, id: string): Promise<Job> {
    const { core, queries } = this.#running;
    const job = core.jobs.get(id);
    if (job !== undefined && job.owner !== account) throw noJob(id);
    if (job !== undefined && job.board.open > 0) {
      cancelJob(core, job, 'the job was cancelled');
      await core.journal.committed();
      this.#running.dispatcher.kick();
    }
    const { spec: _spec, ...view } = await queries.job(account, id);
    return view;
  }

  async follow(account: string, id: string, listener: JobListener): Promise<() => void> {
    const { core, queries } = this.#running;
    await queries.job(account, id);
    const stop = core.listeners.followJob(id, listener);
    for (const lease of core.jobs.get(id)?.leases.values() ?? []) {
      for (const output of core.live.of(lease.token)) listener.output(output);
    }
    return stop;
  }

  subscribe(listener: FogListener): () => void {
    return this.#running.core.listeners.subscribe(listener);
  }

  async nodes(): Promise<FogNode[]> {
    return this.#running.registry.views();
  }

  counts(): Pick<FogStatus, 'nodes' | 'jobs'> {
    const { core } = this.#running;
    const online = [...core.nodes.values()].filter((node) => node.link !== undefined);
    const slots = online.reduce((sum, node) => sum + node.capabilities.slots, 0);
    const busySlots = online.reduce(
      (sum, node) => sum + Math.min(node.leases.size, node.capabilities.slots),
      0,
    );
    let queuedTasks = 0;
    let runningTasks = 0;
    for (const { board } of core.jobs.values()) {
      queuedTasks += board.count('queued');
      runningTasks += board.count('leased');
    }
    return {
      nodes: { total: core.nodes.size, online: online.length, slots, busySlots },
      jobs: { open: core.jobs.size, ended: core.endedJobs, queuedTasks, runningTasks },
    };
  }

  async addReference(account: string, content: string, sizeBytes: number): Promise<void> {
    return this.#running.references.add(account, content, sizeBytes);
  }

  async mayRead(account: string, content: string): Promise<boolean> {
    return this.#running.references.has(account, content);
  }

  async leasedSpec(node: string, job: string): Promise<JobSpec> {
    for (const lease of this.#leasesOf(node)) {
      if (lease.job.id === job) return specForAgent(lease.job.spec);
    }
    throw fail('COORDINATOR_NO_LEASE', { message: `The node holds no lease of job ${job}.` });
  }

  nodeMayRead(node: string, content: string): boolean {
    for (const lease of this.#leasesOf(node)) if (reads(lease, content)) return true;
    return false;
  }

  mayUpload(node: string, token: number): boolean {
    const lease = this.#running.core.leases.get(token);
    return lease?.node === node && lease.uploads.size < MAX_LEASE_UPLOADS;
  }

  async leaseUploaded(
    node: string,
    token: number,
    content: string,
    sizeBytes: number,
  ): Promise<void> {
    const { core } = this.#running;
    const lease = core.leases.get(token);
    if (lease?.node !== node) throw fail('COORDINATOR_NO_LEASE');
    lease.uploads.set(content, sizeBytes);
    core.journal.upload({ token, content, size_bytes: sizeBytes });
    await core.journal.committed();
  }

  #leasesOf(node: string): Iterable<LeaseRecord> {
    return this.#running.core.nodes.get(node)?.leases.values() ?? [];
  }
}

function reads(lease: LeaseRecord, content: string): boolean {
  const { spec } = lease.job;
  if (spec.module === content || spec.stdin === content) return true;
  if (spec.inputs.some((input) => input.content === content)) return true;
  const item = arrayItem(spec, lease.index);
  return item?.input?.content === content;
}
