/** Evidence between the store, which keeps all of it, and the book, which keeps what it amounts to. */
import { type CounterRow, type Evidence, ReputationBook } from '@fog/reputation';
import type { EvidenceRow, ReputationRow, Store } from '@fog/store';
import type { EvidenceKind } from '@fog/wire';
import type { Core } from '../core.ts';

/** Evidence read at once: some megabytes. */
const PAGE = 5_000;

export function evidenceOf(row: EvidenceRow): Evidence {
  const { id, time, node, owner, weight, rater } = row;
  const kind = row.kind as EvidenceKind;
  return { id, time, node, owner, kind, good: row.good === 1, weight, rater, source: keyOf(row) };
}

/** A lease brings one result, whatever else is said of it. */
function keyOf({ source }: EvidenceRow): string {
  const { token } = JSON.parse(source) as { readonly token?: unknown };
  return typeof token === 'number' ? `lease ${token}` : source;
}

export function reputationRow({ updatedAt, saidToday, last, ...row }: CounterRow): ReputationRow {
  return { ...row, updated_at: updatedAt, said_today: saidToday, last_evidence: last };
}

function counterRow(row: ReputationRow): CounterRow {
  const { updated_at: updatedAt, said_today: saidToday, last_evidence: last, kind, ...rest } = row;
  return { ...rest, kind: kind as EvidenceKind, updatedAt, saidToday, last };
}

/** The scores as they were at the last commit, and what evidence there has been, so that none counts twice. */
export async function recoverReputation(core: Core): Promise<void> {
  const { store, reputation, journal } = core;
  const rows = await store.db.selectFrom('reputation').selectAll().execute();
  // A store from before scores were kept has the evidence all the same.
  if (rows.length === 0) {
    for (const row of await recount(store, reputation)) journal.reputation(reputationRow(row));
    return;
  }
  for (const row of rows) reputation.restore(counterRow(row));
  const recent = await store.db
    .selectFrom('evidence')
    .selectAll()
    .orderBy('id', 'desc')
    .limit(ReputationBook.maxSources)
    .execute();
  for (const row of recent.reverse()) reputation.remember(evidenceOf(row));
}

/** Applies what the log has, of one node or of all, to an empty book. */
export async function recount(
  store: Pick<Store, 'db'>,
  book: ReputationBook,
  { node, to = Number.MAX_SAFE_INTEGER }: { readonly node?: string; readonly to?: number } = {},
): Promise<CounterRow[]> {
  for (let after = 0; ;) {
    let query = store.db
      .selectFrom('evidence')
      .selectAll()
      .where('id', '>', after)
      .where('id', '<=', to)
      .orderBy('id')
      .limit(PAGE);
    if (node !== undefined) query = query.where('node', '=', node);
    const page = await query.execute();
    for (const row of page) book.apply(evidenceOf(row));
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return book.rows();
    after = last.id;
  }
}
