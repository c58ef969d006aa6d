import type { FogClient } from '@fog/server/client';
import type { FogTarget } from '../connect/find-fog.ts';
import type { Host } from '../process/host.ts';

export interface JobCall {
  readonly id: string;
  /** `--index`. */
  readonly index: number | undefined;
  readonly flags: {
    readonly json: boolean;
    readonly follow: boolean;
    readonly stderr: boolean;
    readonly output: string | undefined;
  };
  readonly host: Host;
  readonly client: FogClient;
  readonly target: FogTarget;
  readonly signal: AbortSignal;
}

/** One of the things `fog job ID` can do; the answer is the exit code. */
export type JobAction = (call: JobCall) => Promise<number>;

export async function printJson(host: Host, document: unknown): Promise<void> {
  await host.stdout.write(`${JSON.stringify(document)}\n`);
}
