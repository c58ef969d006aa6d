/**
 * A coordinator that stands by hands what only the leader can do on to it: requests and sockets, unchanged
 * but for the Host header, over a connection on which the leader has proven the fog's key. What the store
 * and the blobs alone can answer is served here, so the bytes of jobs do not all pass one machine.
 */
import type {
  Agent,
  ClientRequest,
  IncomingMessage,
  OutgoingHttpHeaders,
  ServerResponse,
} from 'node:http';
import { type Duplex, pipeline } from 'node:stream';
import { createPeerAgent } from '@fog/crypto/tls';
import { errorMessage, type Logger } from '@fog/kernel';
import http from '@fog/kernel/http';
import { MAX_WAIT_MS, type Problem, readFogAddress } from '@fog/wire';
import { fail } from '../errors.ts';
import { CONNECTION_SILENCE_MS, LEADER_SILENCE_MS } from './limits.ts';
import { problemHeaders, rawProblem, toProblem } from './problem.ts';

/** Marks what was handed on once: two that each take the other for the leader must not play ball. */
export const FORWARDED = 'fog-forwarded';
/** Headers that concern one connection. @spec RFC 9110 §7.6.1 */
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'transfer-encoding',
  'te',
  'trailer',
  'proxy-connection',
];

export interface Forwarder {
  /** Answers the request with what the leader answers. Throws SERVER_NO_LEADER. */
  request(leader: string, request: IncomingMessage, response: ServerResponse): void;
  /** Joins the socket with one to the leader. Throws SERVER_NO_LEADER. */
  upgrade(leader: string, request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Cuts what is handed on. */
  close(): void;
}

interface Peer {
  readonly url: URL;
  readonly agent: Agent;
}

/** `silenceMs`: how long a leader that stands still may keep a call beyond what the call asks it to wait. */
export function createForwarder(logger: Logger, silenceMs: number = LEADER_SILENCE_MS): Forwarder {
  const peers = new Map<string, Peer>();
  const sockets = new Set<Duplex>();

  const peerOf = (leader: string, request: IncomingMessage): Peer => {
    if (request.headers[FORWARDED] !== undefined) {
      throw fail('SERVER_NO_LEADER', {
        message: 'The coordinators do not agree who leads. Try again in a moment.',
      });
    }
    const known = peers.get(leader);
    if (known !== undefined) return known;
    const { address } = readFogAddress(leader);
    const url = address?.urls[0];
    if (address === undefined || url === undefined) throw fail('SERVER_NO_LEADER');
    const peer = { url, agent: createPeerAgent(url, address.fogId, { keepAlive: true }) };
    for (const old of peers.values()) old.agent.destroy();
    peers.clear();
    peers.set(leader, peer);
    return peer;
  };

  return {
    request: (leader, request, response) => {
      const upstream = open(peerOf(leader, request), request, { isUpgrade: false, silenceMs });
      answerFrom(upstream, response, logger);
      response.once('close', () => upstream.destroy());
      pipeline(request, upstream, () => {});
    },
    upgrade: (leader, request, socket, head) => {
      const upstream = open(peerOf(leader, request), request, { isUpgrade: true, silenceMs });
      upstream.on('upgrade', (answer, peer, first) => {
        // From now on its two ends watch each other.
        peer.setTimeout(0);
        sockets.add(peer);
        peer.once('close', () => sockets.delete(peer));
        socket.write(rawHead(answer));
        if (first.length > 0) socket.write(first);
        if (head.length > 0) peer.write(head);
        pipeline(socket, peer, socket, () => {});
      });
      upstream.on('response', (answer) => {
        socket.write(rawHead(answer));
        pipeline(answer, socket, () => socket.destroy());
      });
      upstream.on('error', (error) =>
        socket.end(rawProblem(silentLeader(error, logger)), () => socket.destroy()),
      );
      socket.once('close', () => upstream.destroy());
      upstream.end();
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      for (const { agent } of peers.values()) agent.destroy();
      peers.clear();
    },
  };
}

function answerFrom(upstream: ClientRequest, response: ServerResponse, logger: Logger): void {
  upstream.on('response', (answer) => {
    // Who reads it may be slow for good reason; what ends that connection ends this one.
    answer.socket.setTimeout(0);
    response.writeHead(answer.statusCode ?? 502, withoutHops(answer.headers));
    pipeline(answer, response, () => {});
  });
  upstream.on('error', (error) => {
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const problem = silentLeader(error, logger);
    response.writeHead(problem.status, problemHeaders(problem));
    response.end(JSON.stringify(problem));
  });
}

/** An upload may come slowly, and is synced at its end. */
function waitAskedMs({ url = '', headers }: IncomingMessage): number {
  if (headers['content-type'] === 'application/octet-stream') return CONNECTION_SILENCE_MS;
  const asked = Number(new URLSearchParams(url.split('?', 2)[1]).get('waitMs') ?? 0);
  return asked > 0 && asked <= MAX_WAIT_MS ? asked : 0;
}

function silentLeader(error: unknown, logger: Logger): Problem {
  const message = `The coordinator that leads does not answer (${errorMessage(error)}). Try again in a moment.`;
  return toProblem(fail('SERVER_NO_LEADER', { message }), logger, 'forward');
}

function open(
  { url, agent }: Peer,
  request: IncomingMessage,
  { isUpgrade, silenceMs }: { readonly isUpgrade: boolean; readonly silenceMs: number },
): ClientRequest {
  const upstream = http.request({
    agent,
    protocol: url.protocol,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port,
    method: request.method,
    path: request.url,
    headers: headersFor(url, request, isUpgrade),
  });
  upstream.setTimeout(silenceMs + waitAskedMs(request), () =>
    upstream.destroy(new Error('no answer in time')),
  );
  return upstream;
}

function headersFor(
  url: URL,
  { headers }: IncomingMessage,
  isUpgrade: boolean,
): OutgoingHttpHeaders {
  const { origin: _origin, ...rest } = headers;
  const kept = isUpgrade ? rest : withoutHops(rest);
  // Said for Node too: it would send the body of a GET or DELETE bare, and the leader read it as the next request.
  const isChunked = !isUpgrade && headers['transfer-encoding'] !== undefined;
  const framing = isChunked ? { 'transfer-encoding': 'chunked' } : {};
  return { ...kept, ...framing, host: url.host, [FORWARDED]: '1' };
}

function withoutHops(headers: IncomingMessage['headers']): OutgoingHttpHeaders {
  const kept = Object.entries(headers).filter(([name]) => !HOP_BY_HOP.includes(name));
  return Object.fromEntries(kept);
}

function rawHead({ statusCode, statusMessage, rawHeaders }: IncomingMessage): string {
  const lines: string[] = [`HTTP/1.1 ${statusCode} ${statusMessage}`];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}
