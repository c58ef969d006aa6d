/** Counters of the process for Prometheus. The library is loaded when the first one needs it. */
import type * as prometheus from 'prom-client';
import type { Metric, Registry } from 'prom-client';
import { HISTOGRAM_BUCKETS, MAX_METRICS } from './limits.ts';

type Labels = Readonly<Record<string, string>>;

/** Where parts of the fog count; the same shape as the port of the mixnet. */
export interface MetricSink {
  count(name: string, labels?: Labels, by?: number): void;
  gauge(name: string, value: number, labels?: Labels): void;
  observe(name: string, value: number, labels?: Labels): void;
}

export interface Metrics {
  readonly contentType: string;
  /** Loads the library at the first call. */
  sink(): Promise<MetricSink>;
  /** For a part that counts seldom: loads the library with its first figure. */
  readonly later: MetricSink;
  /** The exposition text; what `gauges` sets is current in it. */
  text(gauges?: (sink: MetricSink) => void): Promise<string>;
}

type Library = typeof prometheus;

interface Loaded {
  readonly registry: Registry;
  readonly sink: MetricSink;
}

export function createMetrics(): Metrics {
  let loaded: Promise<Loaded> | undefined;
  const load = (): Promise<Loaded> => (loaded ??= openRegistry());
  // A figure that cannot be kept hinders nobody.
  const soon = (use: (sink: MetricSink) => void): void =>
    void load()
      .then(({ sink }) => use(sink))
      .catch(() => {});
  return {
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
    sink: async () => (await load()).sink,
    later: {
      count: (...figure) => soon((sink) => sink.count(...figure)),
      gauge: (...figure) => soon((sink) => sink.gauge(...figure)),
      observe: (...figure) => soon((sink) => sink.observe(...figure)),
    },
    text: async (gauges) => {
      const { registry, sink } = await load();
      gauges?.(sink);
      return registry.metrics();
    },
  };
}

async function openRegistry(): Promise<Loaded> {
  const { default: library } = (await import('prom-client')) as unknown as { default: Library };
  const registry = new library.Registry();
  return { registry, sink: createSink(library, registry) };
}

/** A metric is made at its first use; its labels are those of that use, and later ones must have the same. */
function createSink(library: Library, registry: Registry): MetricSink {
  const known = new Map<string, Metric>();
  const open = <T extends Metric>(name: string, make: () => T): T | undefined => {
    const found = known.get(name);
    if (found !== undefined) return found as T;
    if (known.size >= MAX_METRICS) return undefined;
    const made = make();
    known.set(name, made);
    return made;
  };
  const base = (name: string, labels: Labels): BaseOptions => ({
    name,
    help: helpOf(name),
    labelNames: Object.keys(labels),
    registers: [registry],
  });
  return {
    count: (name, labels = {}, by = 1) =>
      open(name, () => new library.Counter(base(name, labels)))?.inc({ ...labels }, by),
    gauge: (name, value, labels = {}) =>
      open(name, () => new library.Gauge(base(name, labels)))?.set({ ...labels }, value),
    observe: (name, value, labels = {}) =>
      open(
        name,
        () => new library.Histogram({ ...base(name, labels), buckets: HISTOGRAM_BUCKETS }),
      )?.observe({ ...labels }, value),
  };
}

interface BaseOptions {
  readonly name: string;
  readonly help: string;
  readonly labelNames: string[];
  readonly registers: Registry[];
}

/** Names are written to be read: `fog_mixnet_packets_total` counts packets of the mixnet. */
function helpOf(name: string): string {
  return name
    .replace(/^fog_/, '')
    .replace(/_total$/, '')
    .replaceAll('_', ' ');
}
