/**
 * What the process of a role tells the fog that started it, over the channel between them: how it is, what
 * its relay counted, and its metrics since the last time.
 */
import type { Clock, Health } from '@fog/kernel';
import type { MixMetrics } from '@fog/mixnet';
import { MixOwnRelay } from '@fog/wire';
import { z } from 'zod';
import { MAX_REPORTED_CHARS, MAX_REPORTED_METRICS, REPORT_PERIOD_MS } from './limits.ts';

const Text = z.string().max(MAX_REPORTED_CHARS);
const ReportedMetric = z.strictObject({
  kind: z.enum(['count', 'gauge', 'observe']),
  name: z.string().regex(/^fog_mixnet_[a-z_]{1,64}$/),
  labels: z.record(z.string().regex(/^[a-z_]{1,32}$/), Text),
  value: z.number(),
});
export type ReportedMetric = z.infer<typeof ReportedMetric>;

/** The fog knows the name. */
const ReportedRelay = MixOwnRelay.omit({ name: true });
export type ReportedRelay = z.infer<typeof ReportedRelay>;

export const RoleReport = z.strictObject({
  kind: z.literal('fog-role-report/1'),
  health: z.strictObject({
    state: z.enum(['healthy', 'degraded', 'unhealthy', 'unknown']),
    detail: Text.optional(),
  }),
  relay: ReportedRelay.optional(),
  metrics: z.array(ReportedMetric).max(MAX_REPORTED_METRICS),
});
export type RoleReport = z.infer<typeof RoleReport>;

export interface RoleReporterDeps {
  readonly clock: Clock;
  /** Resolves once the message is on its way. */
  readonly tell: (message: unknown) => Promise<void>;
  readonly health: () => Health;
  readonly relay: () => ReportedRelay | undefined;
  readonly takeMetrics: () => ReportedMetric[];
}

/** Reports now and once a period, never before the last report was taken; returns the end of it. */
export function startRoleReports(deps: RoleReporterDeps): () => void {
  const { clock, tell, health, relay, takeMetrics } = deps;
  let isBusy = false;
  const report = (): void => {
    if (isBusy) return;
    isBusy = true;
    const { state, detail } = health();
    const own = relay();
    const message: RoleReport = {
      kind: 'fog-role-report/1',
      health: { state, ...(detail === undefined ? {} : { detail: cut(detail) }) },
      metrics: takeMetrics(),
      ...(own === undefined ? {} : { relay: own }),
    };
    // A channel that broke ends this process anyway.
    void tell(message)
      .catch(() => {})
      .finally(() => {
        isBusy = false;
      });
  };
  report();
  return clock.every(REPORT_PERIOD_MS, report);
}

/** Counts what another process counted. */
export function replayMetrics(metrics: MixMetrics, reported: readonly ReportedMetric[]): void {
  for (const { kind, name, labels, value } of reported) {
    if (kind === 'count') metrics.count(name, labels, value);
    else metrics[kind](name, value, labels);
  }
}

function cut(text: string): string {
  return text.slice(0, MAX_REPORTED_CHARS);
}
