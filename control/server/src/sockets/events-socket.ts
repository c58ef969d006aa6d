/** Live events for account holders: topics, and the events and output of single jobs. */
import type { CoordinatorApi } from '@fog/coordinator';
import type { Clock, Logger } from '@fog/kernel';
import type { EventsMessage } from '@fog/wire';
import { type Authenticate, bearerToken } from '../auth/authenticate.ts';
import type { Credentials } from '../auth/credentials.ts';
import { fail } from '../errors.ts';
import { refuseWhileDown } from '../http/service-down.ts';
import type { MixnetApi } from '../mixnet/mixnet-api.ts';
import type { Services } from '../service-manager/service-manager.ts';
import { EventsClient } from './events-client.ts';
import type { FogNews } from './fog-news.ts';
import { followAtLeader, followHere } from './follow-job.ts';
import { createKeepAlive } from './keep-alive.ts';
import { MAX_EVENT_CLIENTS, MAX_EVENT_REQUEST_BYTES } from './limits.ts';
import { createSocketServer } from './socket-server.ts';
import type { SocketEndpoint } from './upgrade.ts';

export interface EventsSocketDeps {
  readonly coordinator: CoordinatorApi;
  readonly news: FogNews;
  readonly authenticate: Authenticate;
  readonly credentials: Pick<Credentials, 'onRevoke'>;
  readonly services: () => Services;
  readonly mixnet?: Pick<MixnetApi, 'onConsensus'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

export function createEventsSocket(deps: EventsSocketDeps): SocketEndpoint {
  const server = createSocketServer(MAX_EVENT_REQUEST_BYTES);
  const keepAlive = createKeepAlive(deps.clock, () => {});
  const clients = new Set<EventsClient>();
  const stopRevocations = deps.credentials.onRevoke((hash) => {
    for (const client of clients) if (client.caller.credential === hash) client.expel();
  });
  let unsubscribe: (() => void) | undefined;
  const disconnect = (): void => {
    unsubscribe?.();
    unsubscribe = undefined;
    server.goodbye();
  };
  return {
    accept: async (request, socket, head) => {
      const { authorization } = request.headers;
      const caller = await deps.authenticate(authorization, request.socket.remoteAddress);
      refuseWhileDown(deps);
      if (server.count >= MAX_EVENT_CLIENTS) throw fail('SERVER_BUSY');
      const { leader } = deps.coordinator;
      const followJob =
        leader === undefined
          ? followHere(deps.coordinator, caller.account)
          : followAtLeader(leader, bearerToken(authorization) ?? '');
      const client = new EventsClient(await server.upgrade(request, socket, head), caller, {
        logger: deps.logger,
        followJob,
        readEvents: (query) => deps.coordinator.accountEvents(caller.account, query),
      });
      unsubscribe ??= fanOut(clients, deps);
      clients.add(client);
      client.socket.once('close', () => clients.delete(client));
      keepAlive.watch(client.socket);
    },
    servesStandby: () => deps.news.isComplete,
    disconnect,
    close: () => {
      disconnect();
      stopRevocations();
      keepAlive.stop();
    },
    terminate: () => server.terminate(),
  };
}

/** One subscription below for all clients; each message is made once, when somebody wants it. */
function fanOut(clients: ReadonlySet<EventsClient>, deps: EventsSocketDeps): () => void {
  const publish = (message: EventsMessage, isFor: (client: EventsClient) => boolean): void => {
    let text: string | undefined;
    for (const client of clients) {
      if (!isFor(client)) continue;
      text ??= JSON.stringify(message);
      client.send(text);
    }
  };
  const stopEvents = deps.news.subscribe({
    jobEvent: (event, owner) =>
      publish(
        { type: 'job-event', event },
        (client) => client.caller.account === owner && client.takes(event),
      ),
    node: (node) =>
      publish(
        { type: 'node', node },
        (client) => client.wants('nodes') && client.mayWatch(node.owner),
      ),
  });
  const stopServices = deps
    .services()
    .onChange((service) =>
      publish({ type: 'service', service }, (client) => client.wants('services')),
    );
  const stopMixnet = deps.mixnet?.onConsensus((consensus) =>
    publish({ type: 'mixnet', consensus }, (client) => client.wants('mixnet')),
  );
  return () => {
    stopEvents();
    stopServices();
    stopMixnet?.();
  };
}
