import type { Service } from '@fog/kernel';
import type { Store } from '@fog/store';

/** The open store as the service the others require: it closes after all of them. */
export function createStoreService(store: Store): Service {
  let closed: Promise<void> | undefined;
  return {
    name: 'store',
    start: async () => {},
    stop: () => (closed ??= store.close()),
    health: (signal) => store.health(signal),
  };
}
