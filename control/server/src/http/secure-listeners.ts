/** TLS in front of the API: one listener for each address, all of which hand their requests to the same app. */
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSecureContext } from 'node:tls';
import { errorMessage } from '@fog/kernel';
import { fail } from '../errors.ts';
import { CONNECTION_SILENCE_MS, MAX_CONNECTIONS, MAX_HEADER_BYTES } from './limits.ts';
import { listenError } from './listen-error.ts';
import type { HostPort } from './listen-addresses.ts';

export interface SecureListeners {
  readonly servers: readonly Server[];
  readonly bound: readonly HostPort[];
  close(): Promise<void>;
  closeAllConnections(): void;
}

export interface PemCertificate {
  readonly key: string;
  readonly certificate: string;
}

/** Throws SERVER_CERTIFICATE, SERVER_PORT_TAKEN and SERVER_LISTEN; then none listens. */
export async function listenSecurely(
  addresses: readonly HostPort[],
  certificate: PemCertificate,
  serve: RequestListener,
): Promise<SecureListeners> {
  checkCertificate(certificate);
  const servers: Server[] = [];
  const bound: HostPort[] = [];
  const listeners: SecureListeners = {
    servers,
    bound,
    close: async () => {
      await Promise.all(servers.map(closed));
    },
    closeAllConnections: () => {
      for (const server of servers) server.closeAllConnections();
    },
  };
  try {
    for (const address of addresses) {
      const server = await listen(address, certificate, serve);
      servers.push(server);
      bound.push({ host: address.host, port: (server.address() as AddressInfo).port });
    }
    return listeners;
  } catch (error) {
    await listeners.close();
    throw error;
  }
}

async function listen(
  address: HostPort,
  { key, certificate }: PemCertificate,
  serve: RequestListener,
): Promise<Server> {
  const https = process.getBuiltinModule('node:https');
  const server: Server = https.createServer(
    { key, cert: certificate, minVersion: 'TLSv1.3', maxHeaderSize: MAX_HEADER_BYTES },
    serve,
  );
  server.maxConnections = MAX_CONNECTIONS;
  // As of the plain listener: Node would cut every upload after five minutes; ours are cut when they are slow.
  server.requestTimeout = 0;
  server.setTimeout(CONNECTION_SILENCE_MS);
  const listening = Promise.withResolvers<void>();
  server.once('error', listening.reject);
  const host = address.host.replace(/^\[|\]$/g, '');
  server.listen({ host, port: address.port }, listening.resolve);
  await listening.promise.catch((error: unknown) => {
    throw listenError(address, error as NodeJS.ErrnoException);
  });
  return server;
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}

function checkCertificate({ key, certificate }: PemCertificate): void {
  try {
    createSecureContext({ key, cert: certificate });
  } catch (error) {
    throw fail('SERVER_CERTIFICATE', {
      message: `The certificate and key for TLS cannot be used: ${errorMessage(error)}. They must be PEM and belong together.`,
      cause: error,
    });
  }
}
