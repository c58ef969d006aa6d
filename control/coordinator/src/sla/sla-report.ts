/** The tiers as they are shown: what each promises, and what was measured. */
import {
  MAX_SHOWN_BREACHES,
  type Sla,
  SLA_TIERS,
  type SlaBreach,
  type SlaTierReport,
  TIER_PROMISES,
} from '@fog/wire';
import type { SlaBreachRow } from '@fog/store';
import type { NodeCaller } from '../api.ts';
import type { Core } from '../core.ts';
import { isKept, SLA_SPAN_MS } from './sla-book.ts';

export function tierReports(core: Core): SlaTierReport[] {
  const now = core.clock.now();
  return SLA_TIERS.map((tier) => {
    const measured = core.sla.book.measure(tier, now, core.sla.late[tier]);
    const kept = isKept(tier, measured);
    return {
      tier,
      promise: TIER_PROMISES[tier],
      measured,
      ...(kept === undefined ? {} : { isKept: kept }),
    };
  });
}

/** Breaches of the caller's own jobs; of all for an operator. */
export async function slaReport(core: Core, caller: NodeCaller): Promise<Sla> {
  const query = core.store.db
    .selectFrom('sla_breach')
    .selectAll()
    .orderBy('time', 'desc')
    .limit(MAX_SHOWN_BREACHES);
  const mine = caller.role === 'operator' ? query : query.where('owner', '=', caller.account);
  // A breach of this moment is stored with the event that tells it.
  await core.journal.committed();
  const time = core.clock.now();
  return {
    time,
    since: time - SLA_SPAN_MS,
    tiers: tierReports(core),
    breaches: (await mine.execute()).map(breachView),
  };
}

function breachView({
  time,
  job,
  tier,
  kind,
  severity,
  value,
  promised,
  node,
}: SlaBreachRow): SlaBreach {
  const breach = { time, job, tier, kind, severity, value, limit: promised } as SlaBreach;
  return node === null ? breach : { ...breach, node };
}
