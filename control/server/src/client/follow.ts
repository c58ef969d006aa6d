import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { isFogError } from '@fog/kernel';
import { EventsMessage, type EventsRequest, parseWith } from '@fog/wire';
import { WebSocket } from 'ws';
import { MAX_EVENT_FRAME_BYTES, MAX_FOLLOW_QUEUE, SILENCE_MS } from './limits.ts';
import { problemError } from './problem-error.ts';
import { readAnswer, type TransportOptions, unreachable } from './transport.ts';

/**
 * Live messages of the events socket after one request. A slow reader pauses the socket, so the server
 * counts what it drops; ends quietly when the socket ends or `signal` aborts.
 */
export async function* followEvents(
  options: TransportOptions,
  request: EventsRequest,
  signal: AbortSignal,
): AsyncGenerator<EventsMessage> {
  if (signal.aborted) return;
  const peer = options.servers.current;
  const socket = new WebSocket(
    `${peer.url.protocol.replace('http', 'ws')}//${peer.url.host}/api/v1/events`,
    {
      agent: peer.agent,
      headers: { ...options.headers, authorization: `Bearer ${options.token}` },
      perMessageDeflate: false,
      maxPayload: MAX_EVENT_FRAME_BYTES,
      handshakeTimeout: SILENCE_MS,
    },
  );
  const abort = (): void => socket.terminate();
  signal.addEventListener('abort', abort, { once: true });
  try {
    const inbox = receive(socket);
    await opened(socket, peer.url);
    socket.send(JSON.stringify(request));
    for await (const text of inbox) yield parseWith(EventsMessage, JSON.parse(text), 'event');
  } catch (error) {
    if (isFogError(error, 'CLIENT_UNREACHABLE')) options.servers.leave(peer);
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', abort);
    socket.terminate();
  }
}

async function opened(socket: WebSocket, url: URL): Promise<void> {
  const refused = Promise.withResolvers<never>();
  socket.once('unexpected-response', (_request, answer: IncomingMessage) => {
    void readAnswer(answer)
      .catch(() => new Uint8Array())
      .then((body) => refused.reject(problemError(url, answer, body)))
      .finally(() => socket.terminate());
  });
  await Promise.race([once(socket, 'open'), refused.promise]).catch((error: unknown) => {
    throw isFogError(error) ? error : unreachable(url, error);
  });
}

/** Listens from now on, so that no message between this call and the first read is lost. */
function receive(socket: WebSocket): AsyncGenerator<string> {
  const queue: string[] = [];
  let wake = Promise.withResolvers<void>();
  let ended = false;
  socket.on('error', () => {});
  socket.on('message', (data: Buffer) => {
    queue.push(data.toString('utf8'));
    if (queue.length >= MAX_FOLLOW_QUEUE) socket.pause();
    wake.resolve();
  });
  socket.once('close', () => {
    ended = true;
    wake.resolve();
  });
  return (async function* () {
    for (;;) {
      for (let text = queue.shift(); text !== undefined; text = queue.shift()) yield text;
      if (ended) return;
      if (socket.isPaused) socket.resume();
      await wake.promise;
      wake = Promise.withResolvers();
    }
  })();
}
