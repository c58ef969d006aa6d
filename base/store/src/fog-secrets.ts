import type { Clock } from '@fog/kernel';
import type { Store } from './store.ts';

/** The fog's secret of that name, made by whoever asks first; the same for all coordinators ever after. */
export function getOrCreateSecret(
  store: Store,
  clock: Pick<Clock, 'now'>,
  name: string,
  make: () => Uint8Array,
): Promise<Uint8Array> {
  return store.write(async (trx) => {
    const value = Buffer.from(make()).toString('base64');
    await trx
      .insertInto('fog_secret')
      .values({ name, value, created_at: clock.now() })
      .onConflict((c) => c.column('name').doNothing())
      .execute();
    const row = await trx
      .selectFrom('fog_secret')
      .select('value')
      .where('name', '=', name)
      .executeTakeFirstOrThrow();
    return new Uint8Array(Buffer.from(row.value, 'base64'));
  });
}
