import type { FogClient } from '@fog/server/client';
import type { FogTarget } from '../connect/find-fog.ts';
import { createFogLink, type FogLink } from '../connect/fog-link.ts';
import { type Host, say } from '../process/host.ts';

export interface JobCall {
  readonly id: string;
  /** `--index`. */
  readonly index: number | undefined;
  readonly flags: {
    readonly json: boolean;
    readonly follow: boolean;
    readonly stderr: boolean;
    readonly output: string | undefined;
    readonly detach: boolean;
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

/** A client that outlives a restart of the fog, until `signal` aborts. */
export function linkOf({ client, target, host }: JobCall, signal: AbortSignal): FogLink {
  return createFogLink(target, client, {
    clock: host.clock,
    signal,
    tell: (text) => void say(host, text),
    locate: async () => undefined,
  });
}
