import type { OpenClient } from '../connect/open-client.ts';
import type { Host } from '../process/host.ts';
import type { JobRequest } from '../run/job-request.ts';

/** One call of `fog scheduler`. */
export interface SchedulerCall extends OpenClient {
  readonly flags: {
    readonly json: boolean;
    readonly run: boolean;
    readonly strategy: readonly string[];
    readonly rounds: string | undefined;
    readonly expect: string | undefined;
    readonly budget: string | undefined;
  };
  readonly host: Host;
  /** What stands behind the action. */
  readonly rest: readonly string[];
  /** What is compared, where it is no job of the fog. */
  readonly request: JobRequest | undefined;
}

/** By id. */
export async function nodeNames({
  client,
  signal,
}: Pick<SchedulerCall, 'client' | 'signal'>): Promise<Map<string, string>> {
  const nodes = await client.nodes({ signal });
  return new Map(nodes.map(({ id, name }) => [id, name]));
}
