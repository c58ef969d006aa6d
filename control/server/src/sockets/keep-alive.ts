import type { Clock } from '@fog/kernel';
import type { WebSocket } from 'ws';
import { PING_PERIOD_MS } from './limits.ts';

export interface KeepAlive {
  /** Watches a socket until it closes. */
  watch(socket: WebSocket): void;
  stop(): void;
}

/** Pings all sockets with one timer and cuts those that have been silent for two periods. */
export function createKeepAlive(clock: Clock, onSilent: () => void): KeepAlive {
  const silentPeriods = new Map<WebSocket, number>();
  const stop = clock.every(PING_PERIOD_MS, () => {
    for (const [socket, periods] of silentPeriods) {
      if (periods >= 2) {
        onSilent();
        socket.terminate();
        continue;
      }
      silentPeriods.set(socket, periods + 1);
      socket.ping();
    }
  });
  return {
    watch: (socket) => {
      const heard = (): void => void silentPeriods.set(socket, 0);
      heard();
      socket.on('pong', heard);
      socket.on('message', heard);
      socket.once('close', () => silentPeriods.delete(socket));
    },
    stop,
  };
}
