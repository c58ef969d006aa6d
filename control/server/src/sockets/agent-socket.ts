/** The endpoint agents connect to. @spec the head of base/wire/src/agent-protocol.ts */
import { type Clock, errorMessage } from '@fog/kernel';
import { MAX_AGENT_FRAME_BYTES, type ToAgent } from '@fog/wire';
import type { WebSocket } from 'ws';
import { fail } from '../errors.ts';
import { refuseWhileDown } from '../http/service-down.ts';
import { createChallenge, proveAgent, type ProvenAgent } from './agent-handshake.ts';
import { runAgentSession } from './agent-session.ts';
import type { AgentSocketCounters, AgentSocketDeps, AgentSocketOptions } from './agent-ports.ts';
import { createKeepAlive } from './keep-alive.ts';
import { HELLO_TIMEOUT_MS, MAX_AGENTS, MAX_OPEN_HANDSHAKES } from './limits.ts';
import { createSocketServer } from './socket-server.ts';
import { refuseAgent } from './refuse-agent.ts';
import type { SocketEndpoint } from './upgrade.ts';

export function createAgentSocket(
  options: AgentSocketOptions,
  deps: AgentSocketDeps,
): SocketEndpoint {
  const server = createSocketServer(MAX_AGENT_FRAME_BYTES);
  const keepAlive = createKeepAlive(deps.clock, () => {
    deps.counters.silent += 1;
  });
  let handshakes = 0;
  const serve = async (socket: WebSocket): Promise<void> => {
    countOversize(socket, deps.counters);
    handshakes += 1;
    const proven = await shakeHands(socket, deps).finally(() => {
      handshakes -= 1;
    });
    if (proven === undefined || socket.readyState !== socket.OPEN) return;
    keepAlive.watch(socket);
    runAgentSession(socket, proven, options, deps);
  };
  return {
    accept: async (request, socket, head) => {
      refuseWhileDown(deps);
      if (handshakes >= MAX_OPEN_HANDSHAKES || server.count >= MAX_AGENTS)
        throw fail('SERVER_BUSY');
      const agent = await server.upgrade(request, socket, head);
      serve(agent).catch((error: unknown) => {
        deps.logger.error('an agent session did not start', { cause: errorMessage(error) });
        agent.terminate();
      });
    },
    disconnect: () => server.goodbye(),
    close: () => {
      keepAlive.stop();
      server.goodbye();
    },
    terminate: () => server.terminate(),
  };
}

function countOversize(socket: WebSocket, counters: AgentSocketCounters): void {
  socket.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code?.startsWith('WS_ERR') === true) counters.malformed += 1;
  });
}

/** Challenge and hello. Undefined when the agent was refused; then it has been told why. */
async function shakeHands(
  socket: WebSocket,
  deps: AgentSocketDeps,
): Promise<ProvenAgent | undefined> {
  const challenge = createChallenge(deps.identity);
  const hello = nextMessage(socket, deps.clock);
  socket.send(JSON.stringify(challenge satisfies ToAgent));
  try {
    const proven = await proveAgent(await hello, challenge, deps.enrolment);
    deps.counters.accepted += 1;
    return proven;
  } catch (error) {
    deps.counters.refused += 1;
    refuseAgent(socket, error, deps.logger);
    return undefined;
  }
}

function nextMessage(socket: WebSocket, clock: Clock): Promise<string> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(HELLO_TIMEOUT_MS, () => {
      reject(fail('AGENT_PROOF', { message: 'The agent did not answer the challenge in time.' }));
    });
    socket.once('message', (data: Buffer) => {
      cancel();
      // An agent that talks on before it is welcome is paused, not read into memory.
      socket.pause();
      resolve(data.toString('utf8'));
    });
    socket.once('close', () => {
      cancel();
      reject(fail('AGENT_PROOF', { message: 'The agent left before it proved its key.' }));
    });
  });
}
