import type { Health, Service } from '@fog/kernel';

export interface LazyServiceOptions extends Pick<Service, 'name' | 'requires'> {
  /** Called for each start: what it needs is loaded and made only then. */
  readonly make: () => Promise<Service>;
  /** Shows the health of the part otherwise than it does itself. */
  readonly judge?: (health: Health) => Health;
}

/** A service made when it starts, and made anew for each further start. */
export function createLazyService(options: LazyServiceOptions): Service {
  const { name, requires = [], make, judge = (health) => health } = options;
  let part: Service | undefined;
  return {
    name,
    requires,
    restartable: true,
    start: async (signal) => {
      const made = await make();
      signal.throwIfAborted();
      part = made;
      await made.start(signal);
    },
    stop: async () => {
      const ended = part;
      part = undefined;
      await ended?.stop();
    },
    health: async (signal) => {
      if (part === undefined) return { state: 'unhealthy', detail: 'it does not run' };
      return judge(await part.health(signal));
    },
  };
}

/** Not there yet is no reason to start it again: it looks for what it lacks all the time. */
export function neverWorseThanDegraded({
  state,
  detail,
}: {
  readonly state: Health['state'];
  readonly detail?: string | undefined;
}): Health {
  const shown = state === 'unhealthy' ? 'degraded' : state;
  return detail === undefined ? { state: shown } : { state: shown, detail };
}
