import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';

/** The WebSockets of one endpoint; the HTTP server hands their connections over. */
export interface SocketServer {
  readonly count: number;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<WebSocket>;
  /** Says goodbye to all; `terminate` cuts those that do not answer it. */
  goodbye(): void;
  terminate(): void;
}

const GOING_AWAY = 1001;

export function createSocketServer(maxPayload: number): SocketServer {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload,
    perMessageDeflate: false,
    clientTracking: true,
  });
  return {
    get count() {
      return server.clients.size;
    },
    upgrade: (request, socket, head) =>
      new Promise((resolve) => {
        // When the handshake is no WebSocket's, `ws` itself answers 4xx and ends the connection.
        server.handleUpgrade(request, socket, head, (client) => {
          client.on('error', () => {});
          resolve(client);
        });
      }),
    goodbye: () => {
      for (const client of server.clients) client.close(GOING_AWAY, 'the fog is restarting');
    },
    terminate: () => {
      for (const client of server.clients) client.terminate();
    },
  };
}
