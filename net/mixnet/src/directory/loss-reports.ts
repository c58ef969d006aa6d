/** What the relays' own loops say of each other, from the descriptors they sign. */
import type { RelayDescriptor } from './documents.ts';
import { PPM } from './consensus.ts';

/** Fewer loops over a link say nothing. */
const MIN_LOOPS = 10;

type Reporter = Pick<RelayDescriptor, 'id' | 'loss'>;

/** The share of loops that came home over each relay, in parts per million, as each neighbour with enough of them says. */
export function deliveredShares(reporters: Iterable<Reporter>): Map<string, number[]> {
  const reports = new Map<string, number[]>();
  for (const { id, loss } of reporters) {
    for (const { peer, sent, lost } of loss) {
      if (sent < MIN_LOOPS || peer === id) continue;
      const shares = reports.get(peer) ?? [];
      shares.push(Math.floor(((sent - lost) / sent) * PPM));
      reports.set(peer, shares);
    }
  }
  return reports;
}
