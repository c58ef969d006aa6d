import type { AgentLink, AgentSession } from '@fog/coordinator';
import { errorMessage, TokenBucket } from '@fog/kernel';
import { FromAgent, type ToAgent } from '@fog/wire';
import type { WebSocket } from 'ws';
import { fail } from '../errors.ts';
import { parseJson, type ProvenAgent } from './agent-handshake.ts';
import type { AgentSocketDeps, AgentSocketOptions } from './agent-ports.ts';
import { AGENT_UNIT_BYTES, AGENT_UNITS_PER_SECOND, MAX_AGENT_BACKLOG_BYTES } from './limits.ts';
import { refuseAgent } from './refuse-agent.ts';

/** Longest reason a close frame holds is 123 bytes. */
const MAX_REASON_CHARS = 100;
/** A closed agent that does not answer the close frame is cut. */
const CLOSE_TIMEOUT_MS = 2_000;

type SessionMessage = Exclude<FromAgent, { type: 'hello' }>;

/** Welcomes a proven agent and passes its messages to the coordinator until the socket closes. */
export function runAgentSession(
  socket: WebSocket,
  proven: ProvenAgent,
  options: AgentSocketOptions,
  deps: AgentSocketDeps,
): void {
  const { node, owner } = proven;
  const access = deps.sessions.begin(node);
  socket.once('close', () => access.end());
  const link = createLink(socket, proven, deps);
  const addresses = [...deps.addresses()];
  const welcome = { nodeId: node, owner, httpToken: access.token, addresses, ...options };
  link.send({ type: 'welcome', ...welcome });
  let session: AgentSession;
  try {
    session = deps.coordinator.attach(link);
  } catch (error) {
    refuseAgent(socket, error, deps.logger);
    return;
  }
  socket.once('close', () => session.closed());
  const rates = { rate: AGENT_UNITS_PER_SECOND, burst: AGENT_UNITS_PER_SECOND };
  const bucket = new TokenBucket(rates, deps.clock.monotonicMs());
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    // A closed link is fenced: what still arrives counts for nothing.
    if (socket.readyState !== socket.OPEN) return;
    const message = isBinary ? undefined : parseMessage(data);
    if (message === undefined) {
      deps.counters.malformed += 1;
      refuseAgent(socket, fail('AGENT_FRAME'), deps.logger);
      return;
    }
    deliver(session, message, link, deps);
    const nowMs = deps.clock.monotonicMs();
    bucket.spend(1 + data.length / AGENT_UNIT_BYTES, nowMs);
    slowDown(socket, bucket.waitMs(0, nowMs), deps);
  });
  socket.resume();
}

function createLink(socket: WebSocket, proven: ProvenAgent, deps: AgentSocketDeps): AgentLink {
  const { node, owner, hello } = proven;
  const close = (reason: string): void => {
    socket.close(1000, reason.slice(0, MAX_REASON_CHARS));
    const cancel = deps.clock.after(CLOSE_TIMEOUT_MS, () => socket.terminate());
    socket.once('close', cancel);
  };
  return {
    node,
    nodeKey: Buffer.from(hello.nodeKey, 'base64'),
    owner,
    name: hello.name,
    capabilities: hello.capabilities,
    profile: hello.profile,
    credit: hello.credit,
    held: hello.held,
    send: (message: ToAgent) => {
      if (socket.readyState !== socket.OPEN) return;
      if (socket.bufferedAmount > MAX_AGENT_BACKLOG_BYTES)
        return close('the agent reads too slowly');
      socket.send(JSON.stringify(message));
    },
    close,
  };
}

function parseMessage(data: Buffer): SessionMessage | undefined {
  const parsed = FromAgent.safeParse(parseJson(data.toString('utf8')));
  return parsed.success && parsed.data.type !== 'hello' ? parsed.data : undefined;
}

function deliver(
  session: AgentSession,
  message: SessionMessage,
  link: AgentLink,
  deps: AgentSocketDeps,
): void {
  try {
    session.message(message);
  } catch (error) {
    deps.logger.error('a message of an agent could not be handled', {
      type: message.type,
      cause: errorMessage(error),
    });
    link.close('a message could not be handled');
  }
}

function slowDown(socket: WebSocket, pauseMs: number, deps: AgentSocketDeps): void {
  if (pauseMs === 0 || socket.isPaused) return;
  deps.counters.slowed += 1;
  socket.pause();
  deps.clock.after(pauseMs, () => socket.resume());
}
