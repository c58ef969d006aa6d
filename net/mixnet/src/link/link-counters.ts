/** What happened on the links of one relay. Plain numbers on the hot path, metrics at each sweep. */
import type { MixMetrics } from '../ports.ts';
import { LINK_REFUSALS, type LinkDrop, type LinkEnd, type LinkStats } from './link-ports.ts';

type Refused = keyof LinkStats['refused'];

export class LinkCounters {
  packetsIn = 0;
  packetsOut = 0;
  readonly dropped: Record<LinkDrop, number> = {
    queue: 0,
    'no-link': 0,
    backoff: 0,
    rate: 0,
    truncated: 0,
  };
  readonly refused: Record<Refused, number>;
  readonly #metrics: MixMetrics;
  readonly #reported = new Map<string, number>();

  constructor(metrics: MixMetrics) {
    this.#metrics = metrics;
    const reasons: readonly Refused[] = [...LINK_REFUSALS, 'timeout', 'tls', 'capped'];
    this.refused = Object.fromEntries(reasons.map((reason) => [reason, 0])) as Record<
      Refused,
      number
    >;
  }

  refuse(verdict: Refused): void {
    this.refused[verdict] += 1;
    this.#metrics.count('fog_mixnet_link_refused_total', { verdict });
  }

  dialFailed(failure: string): void {
    this.#metrics.count('fog_mixnet_link_dial_failed_total', { failure });
  }

  ended(peer: 'relay' | 'client', reason: LinkEnd): void {
    this.#metrics.count('fog_mixnet_link_ended_total', { peer, reason });
  }

  report(open: Pick<LinkStats, 'relayLinks' | 'clientLinks' | 'halfOpen'>): void {
    this.#metrics.gauge('fog_mixnet_links', open.relayLinks, { peer: 'relay' });
    this.#metrics.gauge('fog_mixnet_links', open.clientLinks, { peer: 'client' });
    this.#metrics.gauge('fog_mixnet_links', open.halfOpen, { peer: 'half-open' });
    this.#difference('fog_mixnet_link_packets_total', { direction: 'in' }, this.packetsIn);
    this.#difference('fog_mixnet_link_packets_total', { direction: 'out' }, this.packetsOut);
    for (const [reason, count] of Object.entries(this.dropped)) {
      this.#difference('fog_mixnet_link_dropped_total', { reason }, count);
    }
  }

  #difference(name: string, labels: Readonly<Record<string, string>>, count: number): void {
    const key = `${name} ${Object.values(labels).join(' ')}`;
    const by = count - (this.#reported.get(key) ?? 0);
    if (by === 0) return;
    this.#reported.set(key, count);
    this.#metrics.count(name, labels, by);
  }
}
