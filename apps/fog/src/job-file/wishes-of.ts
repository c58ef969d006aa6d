import type { NeededOutput } from '@fog/wire';
import { defined, type Wishes } from '../run/wishes.ts';
import type { JobOfFile } from './schema.ts';

/** What the job of a file asks for, as its spec has it. */
export function wishesOf(job: JobOfFile): Wishes {
  const resources = defined({
    memoryBytes: job.memory,
    cores: job.cores,
    diskBytes: job.disk,
    gpus: job.gpus,
  });
  const { queued, staging, uploading } = job['phase-timeouts'] ?? {};
  const phaseTimeouts = defined({
    queuedMs: queued,
    stagingMs: staging,
    uploadingMs: uploading,
  });
  const spec = defined({
    name: job.name,
    timeoutMs: job.timeout,
    retries: job.retries,
    resources: unlessEmpty(resources),
    phaseTimeouts: unlessEmpty(phaseTimeouts),
    class: job.class,
    tier: job.tier,
    strategy: job.strategy,
    privacy: job.privacy,
    priority: job.priority,
    deadlineAt: job.deadline,
    region: job.region,
    labels: job.labels,
    minTrust: job['min-trust'],
    maxPrice: job['max-price'],
    disconnect: job['on-lost'],
    determinism: job.strict === true ? ('strict' as const) : undefined,
    allowSameOwner: job['allow-same-owner'],
    needs: job.needs?.map(({ job: needed, outputs = [] }) => ({
      job: needed,
      outputs: outputs.map(({ from, to, index = 0 }): NeededOutput => ({ from, to, index })),
    })),
  });
  return { spec, exclude: job.exclude ?? [] };
}

function unlessEmpty<T extends object>(fields: T): T | undefined {
  return Object.keys(fields).length === 0 ? undefined : fields;
}
