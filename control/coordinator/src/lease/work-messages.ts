import {
  type JobSpec,
  type Lease,
  type LeasedJob,
  MAX_AGENT_FRAME_BYTES,
  MAX_INLINE_SPEC_BYTES,
  type ToAgent,
  taskCount,
} from '@fog/wire';
import type { JobRecord } from '../job/job-record.ts';

type Work = Extract<ToAgent, { type: 'work' }>;

/** Room for the frame around jobs and leases. */
const FRAME_BYTES = MAX_AGENT_FRAME_BYTES - 1024;

/**
 * The spec as an agent needs it: the inputs it gets in the end, without what concerns placement, and array
 * items replaced by their count, since each lease carries its own.
 */
export function specForAgent({ spec, inputs }: JobRecord): JobSpec {
  if (spec.array === undefined && spec.needs === undefined) return spec;
  const { needs: _needs, ...rest } = spec;
  return {
    ...rest,
    inputs: [...inputs],
    ...(spec.array === undefined ? {} : { array: { count: taskCount(spec) } }),
  };
}

export function leasedJob(job: JobRecord): LeasedJob {
  const spec = specForAgent(job);
  const inline = job.specJson.length <= MAX_INLINE_SPEC_BYTES && job.inputs === job.spec.inputs;
  return inline ? { id: job.id, owner: job.owner, spec } : { id: job.id, owner: job.owner };
}

/** Splits leases over frames that stay under the limit; each frame names the jobs of its leases. */
export function workMessages(
  jobs: ReadonlyMap<string, LeasedJob>,
  leases: readonly Lease[],
): Work[] {
  const messages: { jobs: Map<string, LeasedJob>; leases: Lease[] }[] = [];
  let current: { jobs: Map<string, LeasedJob>; leases: Lease[] } | undefined;
  let sizeBytes = 0;
  for (const lease of leases) {
    const job = jobs.get(lease.job);
    if (job === undefined) continue;
    const leaseBytes = jsonBytes(lease);
    const jobBytes = current?.jobs.has(lease.job) === true ? 0 : jsonBytes(job);
    if (current === undefined || sizeBytes + leaseBytes + jobBytes > FRAME_BYTES) {
      current = { jobs: new Map(), leases: [] };
      messages.push(current);
      sizeBytes = 0;
    }
    sizeBytes += leaseBytes + (current.jobs.has(lease.job) ? 0 : jsonBytes(job));
    current.jobs.set(lease.job, job);
    current.leases.push(lease);
  }
  return messages.map((message) => ({
    type: 'work',
    jobs: [...message.jobs.values()],
    leases: message.leases,
  }));
}

function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value)) + 1;
}
