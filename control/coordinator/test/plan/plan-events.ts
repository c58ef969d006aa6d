import type { JobEvent } from '@fog/wire';
import type { CoordinatorApi } from '../../src/index.ts';
import { OWNER } from '../fixture.ts';

export async function eventsOf(coordinator: CoordinatorApi, id: string): Promise<JobEvent[]> {
  return coordinator.events(OWNER, id, { after: 0, limit: 1_000 });
}

/** Resolves with the event once it is announced. */
export function eventOf(coordinator: CoordinatorApi, type: string, nth = 1): Promise<JobEvent> {
  const { promise, resolve } = Promise.withResolvers<JobEvent>();
  let seen = 0;
  const stop = coordinator.subscribe({
    jobEvent: (event) => {
      if (event.type !== type) return;
      seen += 1;
      if (seen < nth) return;
      stop();
      resolve(event);
    },
  });
  return promise;
}
