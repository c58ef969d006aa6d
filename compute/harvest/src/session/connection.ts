/** One WebSocket to a coordinator: size limit, JSON and schema of each frame, and why it ended. */
import type { Agent, IncomingMessage } from 'node:http';
import { type Clock, errorMessage, type FogError, isFogError } from '@fog/kernel';
import { MAX_AGENT_FRAME_BYTES, Problem, ToAgent } from '@fog/wire';
import { WebSocket } from 'ws';
import { fail } from '../errors.ts';
import { CLOSE_MS, HANDSHAKE_MS, MAX_ANSWER_BYTES } from '../limits.ts';
import { readJson } from '../staging/read-json.ts';

export interface ConnectionEvents {
  message(message: ToAgent): void;
  /** A frame over the limit, against its schema or out of turn; the connection ends. */
  badFrame(reason: string): void;
  /** Once, whatever ended it. */
  closed(end: ConnectionEnd): void;
}

export interface ConnectionEnd {
  /** A clause for a person. */
  readonly reason: string;
  /** The peer was not the fog that was meant. */
  readonly stranger?: FogError;
}

export interface Connection {
  /** Does nothing once the connection is closing. */
  send(text: string): void;
  readonly bufferedBytes: number;
  /** Resolves when the peer answers a ping. */
  ping(signal: AbortSignal): Promise<void>;
  /** Ends it with a close frame; `reason` reaches `closed`. */
  close(reason: string): void;
  /** Ends it because of a frame that fits the schema but breaks the protocol. */
  reject(reason: string): void;
  /** Ends it because the peer is not the fog that is meant. */
  refuse(stranger: FogError): void;
  /** Ends it without waiting for the peer. */
  terminate(reason: string): void;
}

const NORMAL_CLOSURE = 1000;
const POLICY_VIOLATION = 1008;

export interface DialTarget {
  readonly url: URL;
  /** Its connections are handed out only when the peer is the fog that is meant. */
  readonly agent: Agent;
}

export function dial(target: DialTarget, clock: Clock, events: ConnectionEvents): Connection {
  const socket = new WebSocket(target.url, {
    agent: target.agent,
    maxPayload: MAX_AGENT_FRAME_BYTES,
    perMessageDeflate: false,
    handshakeTimeout: HANDSHAKE_MS,
  });
  let reason: string | undefined;
  let stranger: FogError | undefined;
  const close = (why: string, code: number): void => {
    if (reason !== undefined) return;
    reason = why;
    socket.close(code);
    const cancel = clock.after(CLOSE_MS, () => socket.terminate());
    socket.once('close', cancel);
  };
  const reject = (why: string): void => {
    if (reason === undefined) events.badFrame(why);
    close(why, POLICY_VIOLATION);
  };
  socket.on('message', (data: Buffer, isBinary) => {
    if (reason !== undefined) return;
    const message = isBinary ? undefined : parseFrame(data);
    if (message === undefined) reject('the coordinator sent a frame against the protocol');
    else events.message(message);
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') {
      reject('the coordinator sent a frame over the limit');
    }
    if (isFogError(error)) stranger = error;
    reason ??= socketProblem(error);
  });
  socket.on('unexpected-response', (_request, answer: IncomingMessage) => {
    void readProblem(answer).then((problem) => {
      reason ??= problem?.detail.replace(/\.$/, '') ?? noFog(answer);
      socket.terminate();
    });
  });
  socket.on('close', (code, text) => {
    events.closed({
      reason: reason ?? closeReason(code, text.toString()),
      ...(stranger === undefined ? {} : { stranger }),
    });
  });
  return {
    send: (text) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    get bufferedBytes() {
      return socket.bufferedAmount;
    },
    ping: (signal) => ping(socket, signal),
    close: (why) => close(why, NORMAL_CLOSURE),
    reject,
    refuse: (error) => {
      stranger = error;
      close(error.message, POLICY_VIOLATION);
    },
    terminate: (why) => {
      reason ??= why;
      socket.terminate();
    },
  };
}

function parseFrame(data: Buffer): ToAgent | undefined {
  let value: unknown;
  try {
    value = JSON.parse(data.toString());
  } catch {
    return undefined;
  }
  const parsed = ToAgent.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}

function socketProblem(error: NodeJS.ErrnoException): string {
  if (error.code === 'ECONNREFUSED') return 'nothing listens there';
  if (error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN') return 'the host is not known';
  return errorMessage(error) || (error.code ?? 'the connection failed');
}

function noFog({ statusCode }: IncomingMessage): string {
  return `what listens there is no fog coordinator (HTTP ${statusCode})`;
}

async function readProblem(answer: IncomingMessage): Promise<Problem | undefined> {
  try {
    return Problem.parse(await readJson(answer, MAX_ANSWER_BYTES));
  } catch {
    return undefined;
  }
}

function closeReason(code: number, text: string): string {
  return text === '' ? `the connection was closed (${code})` : text;
}

function ping(socket: WebSocket, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const failed = (): void =>
    reject(fail('AGENT_UNREACHABLE', { message: 'The coordinator does not answer a ping.' }));
  if (socket.readyState !== WebSocket.OPEN || signal.aborted) failed();
  else {
    socket.once('pong', resolve);
    socket.once('close', failed);
    signal.addEventListener('abort', failed, { once: true });
    socket.ping();
  }
  return promise.finally(() => {
    socket.off('pong', resolve);
    socket.off('close', failed);
    signal.removeEventListener('abort', failed);
  });
}
