/** Windows as they are stored. */
import type { SlaWindowRow } from '@fog/store';
import { SlaTier } from '@fog/wire';
import { z } from 'zod';
import type { SlaWindow } from './sla-book.ts';
import { isSpan } from './wait-counts.ts';

const Count = z.int().nonnegative();
const StoredCounts = z.object({
  waits: z.array(z.tuple([z.custom<number>(isSpan), Count])),
  lateStarts: Count,
  tasks: Count,
  failedTasks: Count,
  attempts: Count,
  failedAttempts: Count,
  breaches: Count,
});

export function windowRow({ tier, since, counts }: SlaWindow): SlaWindowRow {
  return { tier, since, counts: JSON.stringify({ ...counts, waits: [...counts.waits] }) };
}

export function windowFromRow({ tier, since, counts }: SlaWindowRow): SlaWindow {
  const { waits, ...rest } = StoredCounts.parse(JSON.parse(counts));
  return { tier: SlaTier.parse(tier), since, counts: { ...rest, waits: new Map(waits) } };
}
