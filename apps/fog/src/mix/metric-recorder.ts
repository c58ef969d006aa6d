/** Metrics of a process without an exposition of its own: kept until the fog that started it is told. */
import type { MixMetrics } from '@fog/mixnet';
import { MAX_REPORTED_METRICS } from './limits.ts';
import type { ReportedMetric } from './role-report.ts';

type Labels = Readonly<Record<string, string>>;

export interface MetricRecorder extends MixMetrics {
  /** What came since the last call; at most MAX_REPORTED_METRICS, counts and gauges each as one. */
  take(): ReportedMetric[];
}

export function createMetricRecorder(): MetricRecorder {
  let kept = new Map<string, ReportedMetric>();
  const keep = (key: string, metric: ReportedMetric): void => {
    if (kept.size < MAX_REPORTED_METRICS || kept.has(key)) kept.set(key, metric);
  };
  const keyOf = (name: string, labels: Labels): string => `${name} ${JSON.stringify(labels)}`;
  return {
    count: (name, labels = {}, by = 1) => {
      const key = keyOf(name, labels);
      const value = (kept.get(key)?.value ?? 0) + by;
      keep(key, { kind: 'count', name, labels: { ...labels }, value });
    },
    gauge: (name, value, labels = {}) =>
      keep(keyOf(name, labels), { kind: 'gauge', name, labels: { ...labels }, value }),
    observe: (name, value, labels = {}) =>
      keep(`${kept.size} ${name}`, { kind: 'observe', name, labels: { ...labels }, value }),
    take: () => {
      const taken = [...kept.values()];
      kept = new Map();
      return taken;
    },
  };
}
