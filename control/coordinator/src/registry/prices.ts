/** Prices set after a node joined. The newest word holds: of its owner here, or of its agent when it says others. */
import { isDeepStrictEqual } from 'node:util';
import { type NodeProfile, Prices } from '@fog/wire';
import type { Core } from '../core.ts';
import type { NodeRecord } from './node-record.ts';

/** Durable when it resolves. */
export async function storePrices(core: Core, node: NodeRecord, prices: Prices): Promise<void> {
  const row = { prices: JSON.stringify(prices), set_at: core.clock.now() };
  await core.store.write(async (trx) => {
    await trx
      .insertInto('node_price')
      .values({ node: node.id, ...row })
      .onConflict((c) => c.column('node').doUpdateSet(row))
      .execute();
  });
  node.askedPrices = prices;
}

/** The agent says who it is: prices other than it joined with last time are news. */
export function takeProfile(core: Core, node: NodeRecord, profile: NodeProfile): void {
  const isNews = !isDeepStrictEqual(profile.prices, node.profile.prices);
  node.profile = profile;
  if (!isNews || node.askedPrices === undefined) return;
  node.askedPrices = undefined;
  const forgotten = core.store.write(async (trx) => {
    await trx.deleteFrom('node_price').where('node', '=', node.id).execute();
  });
  forgotten.catch((cause: unknown) => core.logger.warn('old prices stay stored', { cause }));
}

export async function recoverPrices(core: Core): Promise<void> {
  for (const row of await core.store.db.selectFrom('node_price').selectAll().execute()) {
    const node = core.nodes.get(row.node);
    if (node !== undefined) node.askedPrices = Prices.parse(JSON.parse(row.prices));
  }
}
