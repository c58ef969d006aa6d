/**
 * A coordinator that stands by hands what only the leader can do on to it: requests and sockets, unchanged
 * but for the Host header, over a connection on which the leader has proven the fog's key. What the store
 * and the blobs alone can answer is served here, so the bytes of jobs do not all pass one machine.
 */
import type { Agent, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { type Duplex, pipeline } from 'node:stream';
import { createPeerAgent } from '@fog/crypto/tls';
import { errorMessage, type Logger } from '@fog/kernel';
import http from '@fog/kernel/http';
import { type Problem, readFogAddress } from '@fog/wire';
import { fail } from '../errors.ts';
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

export function createForwarder(logger: Logger): Forwarder {
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
      const { url, agent } = peerOf(leader, request);
      const upstream = open(url, agent, request, headersFor(url, request, false));
      upstream.on('response', (answer) => {
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
      response.once('close', () => upstream.destroy());
      pipeline(request, upstream, () => {});
    },
    upgrade: (leader, request, socket, head) => {
      const { url, agent } = peerOf(leader, request);
      const upstream = open(url, agent, request, headersFor(url, request, true));
      upstream.on('upgrade', (answer, peer, first) => {
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

function silentLeader(error: unknown, logger: Logger): Problem {
  const message = `The coordinator that leads does not answer (${errorMessage(error)}). Try again in a moment.`;
  return toProblem(fail('SERVER_NO_LEADER', { message }), logger, 'forward');
}

function open(
  url: URL,
  agent: Agent,
  request: IncomingMessage,
  headers: OutgoingHttpHeaders,
): ReturnType<typeof http.request> {
  return http.request({
    agent,
    protocol: url.protocol,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port,
    method: request.method,
    path: request.url,
    headers,
  });
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
