import type { FogClient } from '@fog/server/client';
import type { Deployment } from '@fog/wire';
import { createFogLink, type FogLink } from '../connect/fog-link.ts';
import type { OpenClient } from '../connect/open-client.ts';
import { fail } from '../errors.ts';
import { type Host, say } from '../process/host.ts';
import { printable } from '../show/printable.ts';

export interface DeploymentCall extends OpenClient {
  readonly host: Host;
  readonly json: boolean;
}

/** Deployments named in one message. */
const MAX_NAMED = 5;

/** The deployment of this id or name. Throws FOG_NO_DEPLOYMENT. */
export async function findDeployment(
  client: FogClient,
  text: string,
  signal: AbortSignal,
): Promise<Deployment> {
  const all = await client.deployments({ signal });
  const found = all.find(({ id }) => id === text) ?? all.find(({ name }) => name === text);
  if (found !== undefined) return found;
  const shown = all.slice(0, MAX_NAMED).map(({ name }) => printable(name));
  const others = shown.length === 0 ? 'There is none yet' : `There are ${shown.join(', ')}`;
  throw fail('FOG_NO_DEPLOYMENT', {
    message: `There is no deployment "${text}". ${others}; "fog deployments" lists all.`,
    details: { deployment: text },
  });
}

/** A client that outlives a restart of the fog. */
export function linkOf({ client, target, host, signal }: DeploymentCall): FogLink {
  return createFogLink(target, client, {
    clock: host.clock,
    signal,
    tell: (text) => void say(host, text),
    locate: async () => undefined,
  });
}
