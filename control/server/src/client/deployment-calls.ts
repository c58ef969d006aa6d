import { Deployment, type DeploymentChangeInput, type DeploymentSpecInput } from '@fog/wire';
import { z } from 'zod';
import { ask, get, send } from './ask.ts';
import type { CallOptions } from './fog-client.ts';
import type { Transport } from './transport.ts';

export interface DeploymentCalls {
  /** The same `idempotencyKey` with the same spec answers the same deployment. */
  deploy(
    spec: DeploymentSpecInput,
    options?: CallOptions & { readonly idempotencyKey?: string },
  ): Promise<Deployment>;
  deployments(options?: CallOptions): Promise<Deployment[]>;
  deployment(id: string, options?: CallOptions): Promise<Deployment>;
  /** Another number of replicas, a new version, or both; the same again changes nothing. */
  changeDeployment(
    id: string,
    change: DeploymentChangeInput,
    options?: CallOptions,
  ): Promise<Deployment>;
  deleteDeployment(id: string, options?: CallOptions): Promise<Deployment>;
}

const DeploymentsFrame = z.object({ deployments: z.array(Deployment) });
const PATH = '/api/v1/deployments';

export function deploymentCalls(transport: Transport): DeploymentCalls {
  return {
    deploy: (spec, options = {}) =>
      ask(transport, Deployment, {
        ...send(PATH, spec, options),
        idempotencyKey: options.idempotencyKey,
      }),
    deployments: async (options) =>
      (await ask(transport, DeploymentsFrame, get(PATH, {}, options))).deployments,
    deployment: (id, options) => ask(transport, Deployment, get(pathOf(id), {}, options)),
    changeDeployment: (id, change, options) =>
      ask(transport, Deployment, { ...send(pathOf(id), change, options), method: 'PATCH' }),
    deleteDeployment: (id, options) =>
      ask(transport, Deployment, { ...get(pathOf(id), {}, options), method: 'DELETE' }),
  };
}

function pathOf(id: string): string {
  return `${PATH}/${encodeURIComponent(id)}`;
}
