/** What a fog makes of a node, and the evidence it rests on. */
import { isDeepStrictEqual } from 'node:util';
import { type CounterRow, ReputationBook, type TrustUse } from '@fog/reputation';
import type { EvidenceRow } from '@fog/store';
import { type EvidenceRecord, type NodeTrust, TRUST_GATES } from '@fog/wire';
import { CONFIDENTIAL_TRUST } from '@fog/scheduler';
import type { Core } from '../core.ts';
import { recount } from './evidence-log.ts';

/** Evidence shown; all of it is in the store. */
const SHOWN_EVIDENCE = 20;
/** Evidence of one node that is counted again while somebody waits: a second of work. */
const MAX_RECOUNTED = 100_000;

const GATES: readonly (readonly [string, number])[] = [
  ['confidential', CONFIDENTIAL_TRUST],
  ['class A', TRUST_GATES.A],
  ['class S', TRUST_GATES.S],
];

export async function trustView(core: Core, node: string, use: TrustUse): Promise<NodeTrust> {
  const { reputation, clock, journal, store } = core;
  const now = clock.now();
  reputation.refresh(node);
  const standing = reputation.standing(node, now);
  const { mean, lower, effective, kinds } = reputation.score(node, now, use);
  const counted = { to: core.verify.lastEvidence, rows: reputation.rows(node) };
  const work = {
    newcomer: standing.isNewcomer,
    checked: standing.checkProbability,
    gates: GATES.map(([gate, needs]) => ({ gate, needs, passes: lower >= needs })),
  };
  const view = {
    node,
    use,
    score: mean,
    lower,
    effective,
    kinds: [...kinds],
    ...(use === 'work' ? work : { newcomer: false, gates: [] }),
  };
  // All that is counted above is stored then.
  await journal.committed();
  const evidence = await store.db
    .selectFrom('evidence')
    .selectAll()
    .where('node', '=', node)
    .where('id', '<=', counted.to)
    .orderBy('id', 'desc')
    .limit(SHOWN_EVIDENCE)
    .execute();
  const recounted = await isRecounted(core, node, counted);
  return {
    ...view,
    evidence: evidence.map(evidenceRecord),
    ...(recounted === undefined ? {} : { recounted }),
  };
}

/** Undefined when there is too much of it to count while somebody waits. */
async function isRecounted(
  { store }: Core,
  node: string,
  { to, rows }: { readonly to: number; readonly rows: readonly CounterRow[] },
): Promise<boolean | undefined> {
  const { total } = await store.db
    .selectFrom('evidence')
    .select((e) => e.fn.countAll().as('total'))
    .where('node', '=', node)
    .executeTakeFirstOrThrow();
  if (Number(total) > MAX_RECOUNTED) return undefined;
  const again = await recount(store, new ReputationBook(), { node, to });
  return isDeepStrictEqual(again, rows);
}

function evidenceRecord(row: EvidenceRow): EvidenceRecord {
  const { id, time, kind, weight, rater } = row;
  const source = JSON.parse(row.source) as Record<string, unknown>;
  return { id, time, kind, good: row.good === 1, weight, rater, source };
}
