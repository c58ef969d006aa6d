import type { FastifyInstance } from 'fastify';
import type { RouteDeps } from '../ports.ts';

/** For Prometheus, with a token as every other reader: figures of a mixnet tell who is busy when. */
export function addMetricsRoute(app: FastifyInstance, deps: RouteDeps): void {
  app.get('/metrics', { config: { access: 'account' } }, async (_request, reply) => {
    const text = await deps.metrics.text((sink) => {
      for (const { name, state, health, restarts } of deps.services().statuses()) {
        const isUp = state === 'running' && health !== 'unhealthy';
        sink.gauge('fog_service_up', isUp ? 1 : 0, { service: name });
        sink.gauge('fog_service_restarts', restarts, { service: name });
      }
      for (const [event, count] of Object.entries(deps.coordinator.verification() ?? {})) {
        sink.gauge('fog_coordinator_verification_events', count, { event });
      }
    });
    return reply.header('content-type', deps.metrics.contentType).send(text);
  });
}
