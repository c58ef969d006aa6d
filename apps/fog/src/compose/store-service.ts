import type { Health, Service } from '@fog/kernel';
import type { Blobs, Store } from '@fog/store';

/** The open database and the files as the service the others require: it closes after all of them. */
export function createStoreService(store: Store, blobs: Blobs): Service {
  let closed: Promise<void> | undefined;
  const database = store.kind === 'sqlite' ? 'SQLite' : store.place;
  const healthy: Health = { state: 'healthy', detail: `${database}; files in ${blobs.place}` };
  return {
    name: 'store',
    start: async () => {},
    stop: () => (closed ??= store.close()),
    health: async (signal) => {
      const both = await Promise.all([store.health(signal), blobs.health(signal)]);
      return both.find(({ state }) => state !== 'healthy') ?? healthy;
    },
  };
}
