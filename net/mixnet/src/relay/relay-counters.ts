/** What a relay counts for each packet: plain numbers, told to the metrics once a second. */
import { PEEL_VERDICTS, type PeelVerdict } from '@fog/sphinx';
import type { LinkLoss } from '../directory/documents.ts';
import type { MixMetrics } from '../ports.ts';
import type { RelayCounters } from './relay-ports.ts';

export const RELAY_DROPS = [
  'replay',
  'filter-full',
  'cross-epoch',
  'queue-full',
  'no-memory',
  /** The thread that had it ended. */
  'peel-thread',
  'delay-pool',
  /** No consensus names the next relay. */
  'no-route',
  /** The link to the next relay took no more. */
  'link',
  /** For a mailbox or service this relay does not have. */
  'no-mailbox',
] as const;

type BadVerdict = Exclude<PeelVerdict, 'ok'>;
export type DropReason = BadVerdict | (typeof RELAY_DROPS)[number];

export const DROP_REASONS: readonly DropReason[] = [
  ...PEEL_VERDICTS.filter((verdict) => verdict !== 'ok'),
  ...RELAY_DROPS,
];

export class PacketCounters {
  received = 0;
  forwarded = 0;
  delivered = 0;
  cover = 0;
  /** Packets that owed a delay, and what they owed together. */
  delayed = 0;
  delayMs = 0;
  readonly dropped: Record<DropReason, number> = Object.fromEntries(
    DROP_REASONS.map((reason) => [reason, 0]),
  ) as Record<DropReason, number>;
  #told: RelayCounters | undefined;
  #toldDelayed = 0;
  #toldDelayMs = 0;
  /** Most packets received in a second since `takePeak`. */
  #peak = 0;

  drop(reason: DropReason, by = 1): void {
    this.dropped[reason] += by;
  }

  get totals(): RelayCounters {
    const { received, forwarded, delivered, cover } = this;
    return { received, forwarded, delivered, cover, dropped: { ...this.dropped } };
  }

  get peak(): number {
    return this.#peak;
  }

  resetPeak(): void {
    this.#peak = 0;
  }

  /** What was counted since the last call, `seconds` ago. */
  tell(metrics: MixMetrics, seconds: number): void {
    const now = this.totals;
    const before = this.#told;
    this.#told = now;
    // All of them are there from the first time on: what never happened is 0, not unknown.
    const isNews = (by: number): boolean => by > 0 || before === undefined;
    const count = (kind: 'received' | 'forwarded' | 'delivered' | 'cover'): number => {
      const by = now[kind] - (before?.[kind] ?? 0);
      if (isNews(by)) metrics.count(`fog_mixnet_packets_${kind}_total`, undefined, by);
      return by;
    };
    this.#peak = Math.max(this.#peak, Math.round(count('received') / seconds));
    count('forwarded');
    count('delivered');
    count('cover');
    for (const reason of DROP_REASONS) {
      const by = (now.dropped[reason] ?? 0) - (before?.dropped[reason] ?? 0);
      if (isNews(by)) metrics.count('fog_mixnet_packets_dropped_total', { reason }, by);
    }
    metrics.count('fog_mixnet_packets_delayed_total', undefined, this.delayed - this.#toldDelayed);
    metrics.count('fog_mixnet_delay_ms_total', undefined, this.delayMs - this.#toldDelayMs);
    this.#toldDelayed = this.delayed;
    this.#toldDelayMs = this.delayMs;
  }
}

/** Of the relay's own loops over all neighbours, and over the worst of them; nothing before the first. */
export function tellLinkLoss(metrics: MixMetrics, losses: readonly LinkLoss[]): void {
  const sent = losses.reduce((sum, each) => sum + each.sent, 0);
  if (sent === 0) return;
  const lost = losses.reduce((sum, each) => sum + each.lost, 0);
  const worst = losses.reduce(
    (most, each) => Math.max(most, each.lost / Math.max(1, each.sent)),
    0,
  );
  metrics.gauge('fog_mixnet_link_loss_ratio', lost / sent, { links: 'all' });
  metrics.gauge('fog_mixnet_link_loss_ratio', worst, { links: 'worst' });
}
