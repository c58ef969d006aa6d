import type { FastifyInstance } from 'fastify';
import { fail } from '../../errors.ts';
import type { RouteDeps } from '../ports.ts';

/** `live`: the process answers, for supervisors, without a credential. `ready`: all parts do their work. */
export function addHealthRoutes(app: FastifyInstance, deps: RouteDeps): void {
  app.get('/health/live', { config: { access: 'open' } }, async () => ({ status: 'live' }));

  app.get('/health/ready', { config: { access: 'account' } }, async () => {
    const down = deps
      .services()
      .statuses()
      .find((status) => status.state !== 'running' || status.health === 'unhealthy');
    if (down === undefined) return { status: 'ready' };
    const cause = down.detail ?? `it is ${down.state}`;
    throw fail('SERVER_SERVICE_DOWN', {
      message: `The service "${down.name}" is down: ${cause}`,
      details: { service: down.name, state: down.state, cause },
    });
  });
}
