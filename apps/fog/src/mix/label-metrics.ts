import type { MixMetrics } from '@fog/mixnet';

type Labels = Readonly<Record<string, string>>;

/** The same metrics with more labels: several parts of one process then count apart. */
export function labelMetrics(metrics: MixMetrics, more: Labels): MixMetrics {
  const all = (labels: Labels | undefined): Labels => ({ ...labels, ...more });
  return {
    count: (name, labels, by) => metrics.count(name, all(labels), by),
    gauge: (name, value, labels) => metrics.gauge(name, value, all(labels)),
    observe: (name, value, labels) => metrics.observe(name, value, all(labels)),
  };
}
