import type { Runtime } from '@fog/runtime';
import type { JobSpec } from '@fog/wire';

/**
 * Why this node does not run the job; undefined when it does. The coordinator does not place such
 * work here, but the owner of this machine need not rely on that: where the sandbox is only a
 * process, code of other people runs as wasm alone.
 */
export function refuseWork(
  job: { readonly owner: string },
  spec: Pick<JobSpec, 'runtime'>,
  runtime: Pick<Runtime, 'level' | 'runtimes'>,
  nodeOwner: string,
): string | undefined {
  if (!runtime.runtimes.includes(spec.runtime)) {
    return `this node has no ${spec.runtime} runtime; it has ${runtime.runtimes.join(', ')}`;
  }
  if (runtime.level === 'process' && spec.runtime !== 'wasm' && job.owner !== nodeOwner) {
    return (
      `this node runs ${spec.runtime} for its own owner only, because it has no sandbox of the operating system; ` +
      'install bubblewrap on it'
    );
  }
  return undefined;
}
