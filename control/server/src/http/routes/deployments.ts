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
    const deployment = await coordinator.deploy(request.caller.account, spec, key);
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
    return coordinator.changeDeployment(request.caller.account, id, change);
  });

  app.delete(`${PATH}/:id`, { config }, async (request) => {
    const { id } = parseWith(Params, request.params, 'path');
    return coordinator.deleteDeployment(request.caller.account, id);
  });
}
