import { createListeners } from '../listeners.ts';
import type { Live, LiveDeps } from '../live.ts';
import { membersOf } from '../members.ts';
import { Outbox } from '../outbox.ts';
import { createCounters } from './counters.ts';

/** A fog of one coordinator: nobody else is there to be told anything. */
export function createMemoryLive({ clock, logger }: LiveDeps): Live {
  const listeners = createListeners(logger);
  const outbox = new Outbox(async (channel, messages) => listeners.deliver(channel, messages));
  const counters = createCounters(clock);
  const groups = new Map<string, Map<string, string>>();
  return {
    place: 'memory',
    isShared: false,
    get dropped() {
      return outbox.dropped;
    },
    start: async () => {},
    publish: (channel, message) => outbox.add(channel, message),
    subscribe: (channel, listener) => {
      const { end } = listeners.add(channel, listener);
      return () => void end();
    },
    join: async (group, { id, value }) => {
      const members = groups.get(group) ?? new Map<string, string>();
      groups.set(group, members.set(id, value));
      return {
        get members() {
          return membersOf(members);
        },
        set: (next) => void members.set(id, next),
        leave: async () => void members.delete(id),
      };
    },
    count: async (key, windowMs) => counters.count(key, windowMs),
    read: async (key) => counters.read(key),
    health: async () => ({ state: 'healthy' }),
    onShared: () => () => {},
    stop: async () => {},
  };
}
