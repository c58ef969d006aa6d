import { arrayItem, type Lease, type LeasedJob } from '@fog/wire';
import type { AgentLink } from '../api.ts';
import type { Core } from '../core.ts';
import type { LeaseRecord } from './lease-record.ts';
import { leasedJob, workMessages } from './work-messages.ts';

/** Tells a node of its new leases; those that ended before they were durable are left out. */
export function sendLeases(core: Core, link: AgentLink, leases: readonly LeaseRecord[]): void {
  const current = leases.filter((lease) => isWanted(core, lease));
  if (current.length === 0) return;
  const jobs = new Map<string, LeasedJob>();
  for (const { job, alias = job.id } of current) {
    if (!jobs.has(alias)) jobs.set(alias, { ...leasedJob(job), id: alias });
  }
  const wire = current.map((lease): Lease => {
    const item = arrayItem(lease.job.spec, lease.index);
    return {
      token: lease.token,
      job: lease.alias ?? lease.job.id,
      index: lease.index,
      attempt: lease.attempt,
      leaseMs: core.options.leaseMs,
      ...(item === undefined ? {} : { item }),
    };
  });
  for (const message of workMessages(jobs, wire)) link.send(message);
}

/** Its result would still be of use. */
function isWanted(core: Core, lease: LeaseRecord): boolean {
  const { job, index, kind, token, state } = lease;
  if (state !== 'leased' || core.leases.get(token) !== lease) return false;
  return kind !== 'first' || job.board.stateOf(index) === 'leased';
}
