import type { Relay } from '@fog/mixnet';
import type { ReportedRelay } from './role-report.ts';

/** What the API shows of a relay of this fog, but its name. */
export function ownRelay(relay: Pick<Relay, 'status'>): ReportedRelay {
  const { id, epoch, packets, links } = relay.status();
  const { received, forwarded, delivered, cover } = packets;
  const dropped = Object.fromEntries(
    Object.entries(packets.dropped).filter(([, count]) => count > 0),
  );
  return { id, epoch, received, forwarded, delivered, cover, dropped, links: links.open };
}
