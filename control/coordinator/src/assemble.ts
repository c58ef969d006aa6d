/** Puts the coordinator's parts together over one journal; nothing here runs yet. */
import { randomInt } from 'node:crypto';
import { ReputationBook } from '@fog/reputation';
import { References } from './content/references.ts';
import type { Core } from './core.ts';
import type { CoordinatorDeps } from './coordinator.ts';
import { Deployments } from './deployment/deployments.ts';
import { Reconciler } from './deployment/reconciler.ts';
import { Explainer } from './job/explainer.ts';
import { JobEvents } from './job/job-events.ts';
import type { JobRecord } from './job/job-record.ts';
import { Needs } from './job/needs.ts';
import { OpenTasks } from './job/open-tasks.ts';
import { JobQueries } from './job/queries.ts';
import { Submissions } from './job/submissions.ts';
import { Timeouts } from './job/timeouts.ts';
import { Journal } from './journal.ts';
import { Dispatcher } from './lease/dispatcher.ts';
import { failAttemptFor } from './lease/requeue.ts';
import { ResultDesk } from './lease/result-desk.ts';
import { Stragglers } from './lease/stragglers.ts';
import { Listeners } from './live/listeners.ts';
import { LiveOutput } from './live/live-output.ts';
import type { CoordinatorOptions } from './options.ts';
import { FrontBook } from './plan/front-book.ts';
import { PlanStats } from './plan/plan-stats.ts';
import { PlanThread } from './plan/plan-thread.ts';
import { Planner } from './plan/planner.ts';
import { Registry } from './registry/registry.ts';
import { Retention } from './retention/retention.ts';
import { TopologyBook } from './registry/topology.ts';
import type { LastNumbers } from './recover.ts';
import { noteQueued, watchJob } from './sla/notes.ts';
import { SlaRounds } from './sla/sla-rounds.ts';
import { newSlaState } from './sla/sla-state.ts';
import { RerunQueue } from './verify/rerun-queue.ts';
import { VerifyRounds } from './verify/verify-rounds.ts';
import { newVerifyState } from './verify/verify-state.ts';

export interface Parts {
  readonly core: Core;
  readonly dispatcher: Dispatcher;
  readonly registry: Registry;
  readonly references: References;
  readonly submissions: Submissions;
  readonly queries: JobQueries;
  readonly explainer: Explainer;
  readonly needs: Needs;
  readonly topology: TopologyBook;
  readonly retention: Retention;
  readonly deployments: Deployments;
  readonly planner: Planner;
  readonly planThread: PlanThread;
  /** What runs by the clock while this coordinator leads. */
  readonly timed: readonly { start(): void; stop(): void }[];
  /** A job that is stored, or was: it waits for others, or for a node. */
  accept(job: JobRecord): void;
}

/** Faces of the dice that choose what is checked. */
const DICE = 2 ** 32;

interface Start {
  readonly last: LastNumbers;
  onFailure(error: unknown): void;
}

export function assemble(options: CoordinatorOptions, deps: CoordinatorDeps, start: Start): Parts {
  const core = createCore(options, deps, start);
  const dispatcher = new Dispatcher(core);
  const planThread = new PlanThread(deps);
  const stats = new PlanStats(deps.metrics);
  const planner = new Planner({ core, dispatcher, thread: planThread, stats });
  dispatcher.collect = (...kind) => planner.collect(...kind);
  const references = new References(core);
  const explainer = new Explainer(core, dispatcher);
  const release = (job: JobRecord): void => releaseJob(core, dispatcher, job);
  const needs = new Needs({ core, blobs: deps.blobs, references, release });
  const timeouts = new Timeouts({
    core,
    giveUp: (lease, code, cause) => failAttemptFor(core, dispatcher, lease, { code, cause }),
  });
  const accept = (job: JobRecord): void => {
    timeouts.watch(job);
    watchJob(core, job);
    needs.hold(job);
    reconciler.adopt(job);
  };
  const submissions = new Submissions({ core, references, needs, dispatcher, accept });
  const reconciler = new Reconciler({
    core,
    dispatcher,
    submit: (...replica) => submissions.submitReplica(...replica),
  });
  core.onEnded.add((job) => {
    timeouts.ended(job);
    needs.ended(job);
    reconciler.ended(job);
    dispatcher.ended(job);
  });
  const registry = new Registry(core, dispatcher, new ResultDesk(core, dispatcher));
  const topology = new TopologyBook(core, registry);
  const retention = new Retention(core, deps);
  return {
    core,
    dispatcher,
    registry,
    references,
    topology,
    retention,
    planner,
    planThread,
    timed: [
      registry,
      planner,
      needs,
      timeouts,
      topology,
      new VerifyRounds(core, dispatcher),
      reconciler,
      new Stragglers(core, dispatcher),
      new SlaRounds(core),
      retention,
    ],
    explainer,
    needs,
    accept,
    submissions,
    deployments: new Deployments({
      core,
      references,
      reconciler,
      waitingFor: (job) => explainer.waitingFor(job),
    }),
    queries: new JobQueries(core, (job) => explainer.waitingFor(job)),
  };
}

/** It waits for no other job any more. */
function releaseJob(core: Core, dispatcher: Dispatcher, job: JobRecord): void {
  if (job.spec.needs !== undefined) job.queuedAt ??= core.clock.now();
  if (job.state === 'submitted') {
    job.state = 'queued';
    core.journal.job(job);
    core.events.add(job, 'queued');
  }
  noteQueued(core, job);
  dispatcher.enqueue(job);
  dispatcher.kick();
}

function createCore(options: CoordinatorOptions, deps: CoordinatorDeps, start: Start): Core {
  const { store, clock, logger, fogId } = deps;
  const jobs = new Map<string, JobRecord>();
  const listeners = new Listeners();
  const journal = new Journal({
    store,
    nowMs: () => clock.monotonicMs(),
    onFailure: (error) => start.onFailure(error),
  });
  return {
    fogId,
    options,
    store,
    clock,
    logger,
    journal,
    events: new JobEvents({
      journal,
      listeners,
      now: () => clock.now(),
      lastSeq: start.last.seq,
    }),
    listeners,
    live: new LiveOutput(),
    jobs,
    fronts: new FrontBook({ store, jobs, logger }),
    nodes: new Map(),
    deployments: new Map(),
    leases: new Map(),
    onEnded: new Set(),
    openTasks: new OpenTasks(),
    verify: newVerifyState({
      random: deps.random ?? (() => randomInt(DICE) / DICE),
      reruns: new RerunQueue(deps.reexecution, logger),
      lastBatch: start.last.batch ?? 0,
      lastEvidence: start.last.evidence ?? 0,
    }),
    reputation: new ReputationBook(),
    relayEpochs: new Map(),
    sla: newSlaState(),
    lastToken: start.last.token,
    endedJobs: 0,
  };
}
