import { type FogStatus, FOG_VERSION, parseWith, type SchedulerStatus } from '@fog/wire';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { fail } from '../../errors.ts';
import type { RouteDeps } from '../ports.ts';

const ServiceParams = z.object({ name: z.string().min(1).max(64) });

const account = { access: 'account' } as const;
const anywhere = { access: 'account', anywhere: true } as const;
const operator = { access: 'operator' } as const;

/** Routes that need the coordinator. */
export function addFogRoutes(app: FastifyInstance, deps: RouteDeps, startedAt: number): void {
  app.get('/api/v1/status', { config: account }, async (): Promise<FogStatus> => ({
    fogId: deps.coordinator.fogId,
    version: FOG_VERSION,
    addresses: [...deps.addresses()],
    coordinators: [...deps.roster.coordinators],
    startedAt,
    time: deps.clock.now(),
    ...deps.coordinator.counts(),
    ...schedulerStatus(deps.coordinator.scheduler()),
    services: deps.services().statuses(),
  }));

  app.get('/api/v1/nodes', { config: account }, async (request) => {
    const nodes = await deps.coordinator.nodes();
    const { account, role } = request.caller;
    return { nodes: role === 'operator' ? nodes : nodes.filter((node) => node.owner === account) };
  });

  app.post('/api/v1/join-codes', { config: anywhere }, async (request, reply) =>
    reply.code(201).send(await deps.enrolment.issue(request.caller.account)),
  );
}

function schedulerStatus(status: SchedulerStatus | undefined): Pick<FogStatus, 'scheduler'> {
  if (status === undefined) return {};
  const { decisions, failed, plannedTasks, decisionMs } = status;
  const made = Object.values(decisions).reduce((sum, count) => sum + count, 0);
  const time = decisionMs === undefined ? {} : { p95Ms: decisionMs.p95 };
  return { scheduler: { made, failed, plannedTasks, ...time } };
}

/** Routes that answer whatever is down: they say what it is. */
export function addServiceRoutes(app: FastifyInstance, deps: RouteDeps): void {
  app.get('/api/v1/services', { config: account }, async () => ({
    services: deps.services().statuses(),
  }));

  app.post('/api/v1/services/:name/restart', { config: operator }, async (request) => {
    const { name } = parseWith(ServiceParams, request.params, 'path');
    const services = deps.services();
    if (services.affected(name).has('api')) {
      throw fail('SERVICE_NOT_RESTARTABLE', {
        message: `Restarting "${name}" would stop the API that answers this call. Stop the fog and start it again.`,
        details: { service: name },
      });
    }
    return services.restart(name);
  });
}
