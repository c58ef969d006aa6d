import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { CoordinatorApi } from '@fog/coordinator';
import type { Clock, Logger } from '@fog/kernel';
import { fail } from '../errors.ts';
import type { HostList } from '../http/access.ts';
import { FORWARDED, type Forwarder } from '../http/forward.ts';
import { rawProblem, toProblem } from '../http/problem.ts';

/** A WebSocket endpoint. */
export interface SocketEndpoint {
  /** Takes the connection over, or throws the reason it does not; then the caller answers with a problem. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>;
  /** True when it can do without leading now. */
  readonly servesStandby?: () => boolean;
  /** Says goodbye on every socket. Peers may come back while the API runs. */
  disconnect(): void;
  /** As `disconnect`, and lets go of all it holds. */
  close(): void;
  /** Cuts what has not closed. */
  terminate(): void;
}

export interface SocketRoutes extends Pick<SocketEndpoint, 'disconnect' | 'close' | 'terminate'> {
  /** Listener for `upgrade` of a server. */
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

interface UpgradeDeps {
  readonly hosts: HostList;
  readonly coordinator: Pick<CoordinatorApi, 'leader'>;
  readonly forwarder: Forwarder;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Dispatches WebSocket upgrades by path, after the checks of Host and Origin that all of them need. */
export function routeUpgrades(
  deps: UpgradeDeps,
  endpoints: Readonly<Record<string, SocketEndpoint>>,
): SocketRoutes {
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on('error', () => socket.destroy());
    const path = (request.url ?? '').split('?', 1)[0] as string;
    const accept = async (): Promise<void> => {
      deps.hosts.check(request.headers.host);
      deps.hosts.checkOrigin(request.headers.origin);
      const endpoint = Object.hasOwn(endpoints, path) ? endpoints[path] : undefined;
      if (endpoint === undefined) throw fail('SERVER_NO_ROUTE');
      const { leader } = deps.coordinator;
      const isForwarded = request.headers[FORWARDED] !== undefined;
      const isHere = leader === undefined || (!isForwarded && endpoint.servesStandby?.() === true);
      if (isHere) await endpoint.accept(request, socket, head);
      else deps.forwarder.upgrade(leader, request, socket, head);
    };
    accept().catch((error: unknown) => {
      // Not left to the peer: a refused connection that it keeps open would count for ever.
      socket.end(rawProblem(toProblem(error, deps.logger, 'upgrade')), () => socket.destroy());
    });
  };
  return {
    upgrade,
    disconnect: () => {
      for (const endpoint of Object.values(endpoints)) endpoint.disconnect();
    },
    close: () => {
      for (const endpoint of Object.values(endpoints)) endpoint.close();
    },
    terminate: () => {
      for (const endpoint of Object.values(endpoints)) endpoint.terminate();
    },
  };
}
