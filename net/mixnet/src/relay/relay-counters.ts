/** What a relay counts for each packet: plain numbers, told to the metrics once a second. */
import { PEEL_VERDICTS, type PeelVerdict } from '@fog/sphinx';
import type { MixMetrics } from '../ports.ts';
import type { RelayCounters } from './relay-ports.ts';

export const RELAY_DROPS = [
  'replay',
  'filter-full',
  'cross-epoch',
  'queue-full',
  'no-memory',
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
  readonly dropped: Record<DropReason, number> = Object.fromEntries(
    DROP_REASONS.map((reason) => [reason, 0]),
  ) as Record<DropReason, number>;
  #told: RelayCounters | undefined;
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
    const count = (kind: 'received' | 'forwarded' | 'delivered' | 'cover'): number => {
      const by = now[kind] - (before?.[kind] ?? 0);
      if (by > 0) metrics.count(`fog_mixnet_packets_${kind}_total`, undefined, by);
      return by;
    };
    this.#peak = Math.max(this.#peak, Math.round(count('received') / seconds));
    count('forwarded');
    count('delivered');
    count('cover');
    for (const reason of DROP_REASONS) {
      const by = (now.dropped[reason] ?? 0) - (before?.dropped[reason] ?? 0);
      if (by > 0) metrics.count('fog_mixnet_packets_dropped_total', { reason }, by);
    }
  }
}
