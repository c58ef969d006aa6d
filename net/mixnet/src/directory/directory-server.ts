/** HTTP in front of an authority. Everything it serves is public and signed, so there is no TLS and no login. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Clock, concatBytes, errorMessage, type Logger } from '@fog/kernel';
import http from '@fog/kernel/http';
import { fail } from '../errors.ts';
import { type AuthorityRequests, type DirectoryReply, problem } from './authority-requests.ts';
import {
  KEEP_ALIVE_MS,
  MAX_COUNTED_ADDRESSES,
  MAX_DIRECTORY_CONNECTIONS,
  MAX_INFLIGHT_BYTES,
  MAX_REQUEST_BURST,
  REQUEST_HEAD_MS,
  REQUEST_MS,
  REQUESTS_PER_SECOND,
} from './limits.ts';

export interface DirectoryServer {
  readonly port: number;
  close(): Promise<void>;
}

export interface DirectoryServerDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly requests: AuthorityRequests;
}

/** Throws MIXNET_AUTHORITY_LISTEN. */
export async function openDirectoryServer(
  listen: { readonly host: string; readonly port: number },
  deps: DirectoryServerDeps,
): Promise<DirectoryServer> {
  const server = http.createServer({
    headersTimeout: REQUEST_HEAD_MS,
    requestTimeout: REQUEST_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: 1_000,
    maxHeaderSize: 8 * 1024,
  });
  server.maxConnections = MAX_DIRECTORY_CONNECTIONS;
  const inflight = { bytes: 0 };
  const allow = createRateLimit(deps.clock);
  server.on('request', (request, response) => {
    answer(request, response, { ...deps, inflight, allow }).catch((error: unknown) => {
      deps.logger.debug('a request broke off', { error: errorMessage(error) });
      request.destroy();
    });
  });
  await listening(server, listen);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listening(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        fail('MIXNET_AUTHORITY_LISTEN', {
          message: `The directory authority cannot listen on ${host}:${port}: ${errorMessage(cause)}. Stop what uses the port, or choose another.`,
          cause,
        }),
      ),
    );
    server.listen(port, host, resolve);
  });
}

interface Serving extends DirectoryServerDeps {
  readonly inflight: { bytes: number };
  readonly allow: (address: string) => boolean;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  serving: Serving,
): Promise<void> {
  const reply = await replyTo(request, serving);
  const date = new Date(serving.clock.now()).toUTCString();
  response.writeHead(reply.status, {
    date,
    'content-type': reply.type,
    'content-length': reply.body.length,
    ...(reply.etag === undefined ? {} : { etag: `"${reply.etag}"` }),
    // What was not read of a refused body would be taken for the next request.
    ...(request.complete ? {} : { connection: 'close' }),
  });
  response.end(reply.body);
}

async function replyTo(request: IncomingMessage, serving: Serving): Promise<DirectoryReply> {
  const { method, url: path = '' } = request;
  if (!serving.allow(request.socket.remoteAddress ?? '')) {
    return problem(429, 'too-many', 'there are too many requests from this address');
  }
  if (method !== 'GET' && method !== 'POST') {
    return problem(405, 'method', 'only GET and POST are known here');
  }
  const held = /^"([0-9a-f]{64})"$/.exec(request.headers['if-none-match'] ?? '')?.[1];
  if (method === 'GET') {
    return serving.requests.handle({ method, path, ...(held === undefined ? {} : { held }) });
  }
  const maxBytes = serving.requests.maxBodyBytes(path);
  const declared = Number(request.headers['content-length'] ?? Number.NaN);
  if (!Number.isSafeInteger(declared)) {
    return problem(411, 'malformed', 'a request must tell its length');
  }
  if (declared > maxBytes) {
    return problem(413, 'too-large', `a body here has at most ${maxBytes} bytes`);
  }
  if (serving.inflight.bytes + declared > MAX_INFLIGHT_BYTES) {
    return problem(503, 'busy', 'there is too much to read at this moment');
  }
  serving.inflight.bytes += declared;
  try {
    const body = await readBody(request, declared);
    return serving.requests.handle({ method, path, body });
  } finally {
    serving.inflight.bytes -= declared;
  }
}

/** node:http ends the body at its declared length. */
async function readBody(request: IncomingMessage, declared: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of request as AsyncIterable<Uint8Array>) parts.push(part);
  const body = concatBytes(parts);
  if (body.length !== declared) throw new Error('the body ended early');
  return body;
}

/** A bucket for each address; forgotten all at once when there are too many, which only lets more pass. */
function createRateLimit(clock: Clock): (address: string) => boolean {
  const buckets = new Map<string, { tokens: number; filledMs: number }>();
  return (address) => {
    const now = clock.monotonicMs();
    if (buckets.size >= MAX_COUNTED_ADDRESSES && !buckets.has(address)) buckets.clear();
    const bucket = buckets.get(address) ?? { tokens: MAX_REQUEST_BURST, filledMs: now };
    const filled = bucket.tokens + ((now - bucket.filledMs) * REQUESTS_PER_SECOND) / 1_000;
    bucket.tokens = Math.min(MAX_REQUEST_BURST, filled);
    bucket.filledMs = now;
    buckets.set(address, bucket);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  };
}
