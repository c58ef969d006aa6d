/** Windows as they are stored. */
import type { SlaWindowRow } from '@fog/store';
import type { SlaTier } from '@fog/wire';
import type { SlaCounts, SlaWindow } from './sla-book.ts';

interface StoredCounts extends Omit<SlaCounts, 'waits'> {
  readonly waits: readonly (readonly [number, number])[];
}

export function windowRow({ tier, since, counts }: SlaWindow): SlaWindowRow {
  const stored: StoredCounts = { ...counts, waits: [...counts.waits] };
  return { tier, since, counts: JSON.stringify(stored) };
}

export function windowFromRow({ tier, since, counts }: SlaWindowRow): SlaWindow {
  const { waits, ...rest } = JSON.parse(counts) as StoredCounts;
  return { tier: tier as SlaTier, since, counts: { ...rest, waits: new Map(waits) } };
}
