/** The state the coordinator's parts share, filled from the store at start. */
import type { Clock, Logger } from '@fog/kernel';
import type { ReputationBook } from '@fog/reputation';
import type { Store } from '@fog/store';
import type { DeploymentRecord } from './deployment/deployment-record.ts';
import type { JobEvents } from './job/job-events.ts';
import type { JobRecord } from './job/job-record.ts';
import type { OpenTasks } from './job/open-tasks.ts';
import type { Journal } from './journal.ts';
import type { LeaseRecord } from './lease/lease-record.ts';
import type { Listeners } from './live/listeners.ts';
import type { LiveOutput } from './live/live-output.ts';
import type { CoordinatorOptions } from './options.ts';
import type { FrontBook } from './plan/front-book.ts';
import type { NodeRecord } from './registry/node-record.ts';
import type { SlaState } from './sla/sla-state.ts';
import type { VerifyState } from './verify/verify-state.ts';

export interface Core {
  readonly fogId: string;
  readonly options: CoordinatorOptions;
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly journal: Journal;
  readonly events: JobEvents;
  readonly listeners: Listeners;
  readonly live: LiveOutput;
  /** Open jobs by id. */
  readonly jobs: Map<string, JobRecord>;
  readonly nodes: Map<string, NodeRecord>;
  readonly deployments: Map<string, DeploymentRecord>;
  /** Leases of open tasks by fencing token, lost ones included until their task ends. */
  readonly leases: Map<number, LeaseRecord>;
  /** Called once a job's end is durable. */
  readonly onEnded: Set<(job: JobRecord) => void>;
  readonly openTasks: OpenTasks;
  /** The last plans of batches. */
  readonly fronts: FrontBook;
  readonly verify: VerifyState;
  readonly sla: SlaState;
  /** Made from evidence alone. */
  readonly reputation: ReputationBook;
  /** Last epoch of the mixnet that counted, by relay and kind. */
  readonly relayEpochs: Map<string, number>;
  lastToken: number;
  endedJobs: number;
}

/** Wakes those who wait for news of a job, after the commit that made the news durable. */
export function wakeAfterCommit(core: Core, job: JobRecord): void {
  const prefix = job.board.endedPrefix;
  core.journal.afterCommit(() => {
    job.durablePrefix = Math.max(job.durablePrefix, prefix);
    for (const wake of job.waiters) wake();
  });
}

/** Forgets a lease whose task has ended or whose result came. */
export function forgetLease(core: Core, lease: LeaseRecord): void {
  lease.job.tokens.delete(lease.token);
  core.leases.delete(lease.token);
  core.nodes.get(lease.node)?.leases.delete(lease.token);
  core.live.forget(lease.token);
}
