import type { CoordinatorApi } from '@fog/coordinator';
import type { Service } from '@fog/kernel';
import { type Live, type LiveDeps, openLive } from '@fog/live';
import { createRoster, type Roster } from '@fog/server';

export interface ComposeLiveOptions {
  /** Undefined: this coordinator is alone. */
  readonly url: string | undefined;
  readonly fogId: string;
  /** Id of this coordinator among those of the fog. */
  readonly id: string;
}

export interface ComposedLive {
  readonly live: Live;
  readonly roster: Roster;
  /** None of a coordinator that is alone. */
  readonly services: readonly Service[];
}

const LEADERSHIP = 'leadership';

/** What ties the coordinators of one fog together, not started. It is stopped last: what stops before it has still something to tell. */
export async function composeLive(
  { url, fogId, id }: ComposeLiveOptions,
  coordinator: CoordinatorApi,
  deps: LiveDeps,
): Promise<ComposedLive> {
  const live = await openLive({ url, namespace: fogId }, deps);
  // Who stands by need not wait for its next look at the lease.
  live.subscribe(LEADERSHIP, () => void coordinator.campaign());
  coordinator.onLeadership(() => live.publish(LEADERSHIP, ''));
  const roster = createRoster({ id, coordinator, live, clock: deps.clock });
  return { live, roster, services: url === undefined ? [] : [liveService(live)] };
}

/** Without it the fog works, and says so. */
function liveService(live: Live): Service {
  return {
    name: 'live',
    start: () => live.start(),
    stop: async () => {},
    health: () => live.health(),
    onHealth: (listener) => live.onShared(listener),
  };
}
