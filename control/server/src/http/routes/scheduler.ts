import { CompareRequest, FrontsQuery, MAX_REQUEST_BYTES, parseWith } from '@fog/wire';
import type { FastifyInstance } from 'fastify';
import { fail } from '../../errors.ts';
import type { RouteDeps } from '../ports.ts';

const config = { access: 'account' } as const;

/** How batches are placed. */
export function addSchedulerRoutes(app: FastifyInstance, { coordinator }: RouteDeps): void {
  app.get('/api/v1/scheduler', { config: { access: 'operator' } }, async () => {
    const status = coordinator.scheduler();
    if (status === undefined) throw fail('SERVER_NO_LEADER');
    return status;
  });

  app.get('/api/v1/scheduler/fronts', { config }, async (request) => {
    const query = parseWith(FrontsQuery, request.query, 'query');
    return { plans: await coordinator.fronts(request.caller.account, query) };
  });

  app.post(
    '/api/v1/scheduler/compare',
    { config, bodyLimit: MAX_REQUEST_BYTES },
    async (request) => {
      const question = parseWith(CompareRequest, request.body, 'comparison');
      const { account, role } = request.caller;
      return coordinator.compare(account, question, role);
    },
  );
}
