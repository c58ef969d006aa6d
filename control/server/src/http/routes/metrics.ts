import type { FastifyInstance } from 'fastify';
import type { SlaTierReport } from '@fog/wire';
import type { MetricSink } from '../../metrics/metrics.ts';
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
      for (const [why, count] of Object.entries(deps.coordinator.ignoredEvidence() ?? {})) {
        sink.gauge('fog_reputation_ignored_evidence', count, { why });
      }
      for (const [standing, count] of Object.entries(deps.coordinator.trustCounts() ?? {})) {
        sink.gauge('fog_reputation_nodes', count, { standing });
      }
      for (const report of deps.coordinator.slaTiers() ?? []) setSlaGauges(sink, report);
    });
    return reply.header('content-type', deps.metrics.contentType).send(text);
  });
}

/** Of the last 24 hours; what was not measured has no value. */
function setSlaGauges(sink: MetricSink, { tier, measured, isKept }: SlaTierReport): void {
  const { startP95Ms, successPct, errorPct, breaches } = measured;
  if (startP95Ms !== undefined) sink.gauge('fog_sla_start_p95_ms', startP95Ms, { tier });
  if (successPct !== undefined) sink.gauge('fog_sla_success_percent', successPct, { tier });
  if (errorPct !== undefined) sink.gauge('fog_sla_error_percent', errorPct, { tier });
  if (isKept !== undefined) sink.gauge('fog_sla_kept', isKept ? 1 : 0, { tier });
  sink.gauge('fog_sla_breaches', breaches, { tier });
}
