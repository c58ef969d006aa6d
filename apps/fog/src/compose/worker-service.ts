import type { Service } from '@fog/kernel';
import type { Runtime } from '@fog/runtime';
import { type ComposedAgent } from './compose-agent.ts';

/** The agent of this process as a service: it can be made only when the API listens. */
export interface WorkerService extends Service {
  /** Undefined until it has started. */
  readonly runtime: Runtime | undefined;
}

export function createWorkerService(compose: () => Promise<ComposedAgent>): WorkerService {
  let composed: ComposedAgent | undefined;
  return {
    name: 'agent',
    requires: ['api'],
    restartable: true,
    get runtime(): Runtime | undefined {
      return composed?.runtime;
    },
    start: async (signal) => {
      composed = await compose();
      await composed.agent.start(signal);
    },
    stop: async () => {
      const ended = composed;
      composed = undefined;
      await ended?.agent.stop();
      ended?.[Symbol.dispose]();
    },
    health: async (signal) =>
      (await composed?.agent.health(signal)) ?? { state: 'unhealthy', detail: 'not started' },
  };
}
