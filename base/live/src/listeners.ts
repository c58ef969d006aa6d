import { errorMessage, type Logger } from '@fog/kernel';
import type { MessageListener } from './live.ts';

interface Listening {
  /** Nobody listened to the channel before. */
  readonly isFirst: boolean;
  /** True when nobody is left. */
  readonly end: () => boolean;
}

/** Who listens to which channel in this process. */
export interface Listeners {
  readonly channels: Iterable<string>;
  add(channel: string, listener: MessageListener): Listening;
  deliver(channel: string, messages: readonly string[]): void;
}

export function createListeners(logger: Logger): Listeners {
  const channels = new Map<string, Set<MessageListener>>();
  return {
    get channels() {
      return channels.keys();
    },
    add: (channel, listener) => {
      const known = channels.get(channel);
      const all = known ?? new Set();
      // The same function may listen twice.
      const own: MessageListener = (message) => listener(message);
      channels.set(channel, all.add(own));
      return {
        isFirst: known === undefined,
        end: () => all.delete(own) && all.size === 0 && channels.delete(channel),
      };
    },
    deliver: (channel, messages) => {
      for (const message of messages) {
        for (const listener of channels.get(channel) ?? []) {
          try {
            listener(message);
          } catch (error) {
            logger.error('a live message was not handled', { channel, cause: errorMessage(error) });
          }
        }
      }
    },
  };
}
