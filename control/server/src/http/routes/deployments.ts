import {
  DeploymentChange,
  DeploymentId,
  DeploymentSpec,
  MAX_REQUEST_BYTES,
  parseWith,
} from '@fog/wire';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { RouteDeps } from '../ports.ts';
import { IdempotencyKey } from './jobs.ts';

const Params = z.object({ id: DeploymentId });

const config = { access: 'account' } as const;
const PATH = '/api/v1/deployments';

export function addDeploymentRoutes(app: FastifyInstance, { coordinator }: RouteDeps): void {
  app.post(PATH, { config, bodyLimit: MAX_REQUEST_BYTES }, async (request, reply) => {
    const spec = parseWith(DeploymentSpec, request.body, 'deployment');
    const key = parseWith(IdempotencyKey, request.headers['idempotency-key'], 'Idempotency-Key');
    const { account, role } = request.caller;
    const deployment = await coordinator.deploy(account, spec, key, role);
    return reply.code(201).send(deployment);
  });

  app.get(PATH, { config }, async (request) => ({
    deployments: await coordinator.deployments(request.caller.account),
  }));

  app.get(`${PATH}/:id`, { config }, async (request) => {
    const { id } = parseWith(Params, request.params, 'path');
    return coordinator.deployment(request.caller.account, id);
  });

  app.patch(`${PATH}/:id`, { config, bodyLimit: MAX_REQUEST_BYTES }, async (request) => {
    const { id } = parseWith(Params, request.params, 'path');
    const change = parseWith(DeploymentChange, request.body, 'change');
    const { account, role } = request.caller;
    return coordinator.changeDeployment(account, id, change, role);
  });

  app.delete(`${PATH}/:id`, { config }, async (request) => {
    const { id } = parseWith(Params, request.params, 'path');
    return coordinator.deleteDeployment(request.caller.account, id);
  });
}
