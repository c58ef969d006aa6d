import type { RunRequest } from '@fog/runtime';
import { DEMAND_DEFAULTS, type JobSpec, runningLimitMs } from '@fog/wire';
import { TRANSFERS_PER_TASK } from '../limits.ts';
import type { HeldLease } from '../work/lease-table.ts';
import type { BlobCache, CachedBlob } from './blob-cache.ts';
import { eachLimited } from './each-limited.ts';

export interface StagedTask {
  readonly request: RunRequest;
  /** The files may be evicted afterwards. */
  release(): void;
}

/** Brings everything the task reads onto this machine. */
export async function stageTask(
  lease: HeldLease,
  spec: JobSpec,
  cache: BlobCache,
): Promise<StagedTask> {
  const files = lease.item?.input === undefined ? spec.inputs : [...spec.inputs, lease.item.input];
  const contents = new Set([spec.module, ...files.map((file) => file.content)]);
  if (spec.stdin !== undefined) contents.add(spec.stdin);
  const blobs = new Map<string, CachedBlob>();
  const release = (): void => {
    for (const blob of blobs.values()) blob.release();
  };
  try {
    await eachLimited([...contents], TRANSFERS_PER_TASK, async (content) => {
      blobs.set(content, await cache.acquire(content, lease.abort.signal));
    });
  } catch (error) {
    release();
    throw error;
  }
  const hostPath = (content: string): string => (blobs.get(content) as CachedBlob).hostPath;
  const request: RunRequest = {
    owner: lease.owner,
    runtime: spec.runtime,
    module: { content: spec.module, hostPath: hostPath(spec.module) },
    moduleName: spec.moduleName,
    args: spec.args,
    env: taskEnvironment(lease, spec),
    seed: `${lease.job}/${lease.index}`,
    ...(spec.stdin === undefined ? {} : { stdinHostPath: hostPath(spec.stdin) }),
    inputs: files.map((file) => ({ path: file.path, hostPath: hostPath(file.content) })),
    outputs: spec.outputs,
    memoryBytes: spec.resources.memoryBytes,
    timeoutMs: runningLimitMs(spec),
    determinism: spec.determinism ?? DEMAND_DEFAULTS.determinism,
  };
  return { request, release };
}

/** The whole environment of the program: the job's own, and what tells it which task it is. */
export function taskEnvironment(
  lease: Pick<HeldLease, 'job' | 'index' | 'item'>,
  spec: Pick<JobSpec, 'env' | 'array'>,
): Record<string, string> {
  const env: Record<string, string> = {
    ...spec.env,
    FOG_JOB: lease.job,
    FOG_INDEX: String(lease.index),
  };
  // Specs reach the agent without array items; the coordinator sends their count in place of them.
  if (spec.array !== undefined && 'count' in spec.array)
    env['FOG_COUNT'] = String(spec.array.count);
  if (lease.item !== undefined) env['FOG_ITEM'] = lease.item.value;
  return env;
}
