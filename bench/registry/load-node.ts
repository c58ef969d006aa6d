/** One node of the load: the agent protocol on a socket of its own, with a key of its own, and nothing to do. */
import { createHash } from 'node:crypto';
import { type Identity, identityFromSeed } from '@fog/crypto';
import {
  AGENT_PROTOCOL,
  agentAuthBytes,
  type Capabilities,
  type FromAgent,
  ToAgent,
} from '@fog/wire';
import { WebSocket } from 'ws';

/** The keys of the load are known to who enrols its nodes: they are worth nothing. */
export function loadIdentity(at: number): Identity {
  return identityFromSeed(createHash('sha256').update(`fog bench node ${at}`).digest());
}

const CAPABILITIES: Capabilities = {
  platform: 'linux',
  arch: 'x64',
  cores: 4,
  memoryBytes: 8 * 2 ** 30,
  diskBytes: 100 * 2 ** 30,
  gpus: 0,
  speed: 1e8,
  slots: 4,
  sandboxLevel: 'os',
  runtimes: ['wasm'],
  version: '0.1.0',
};
const CREDIT = 32;

export interface LoadCounts {
  beats: number;
  acks: number;
  /** Sockets that ended before they were told to. */
  lost: number;
}

/** Resolves once the node is welcome and its first heartbeat is answered; then it beats until the process ends. */
export function runLoadNode(url: URL, at: number, counts: LoadCounts): Promise<void> {
  const identity = loadIdentity(at);
  const socket = new WebSocket(url, { perMessageDeflate: false });
  const send = (message: FromAgent): void => socket.send(JSON.stringify(message));
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let periodMs = 0;
  let acks = 0;
  let ping: { readonly ping: number; readonly atMs: number } | undefined;
  const beat = (): void => {
    if (socket.readyState !== WebSocket.OPEN) return;
    counts.beats += 1;
    const load = { cpu: 0.25, freeMemoryBytes: 4 * 2 ** 30, freeDiskBytes: 50 * 2 ** 30 };
    const pong = ping && { ping: ping.ping, heldMs: performance.now() - ping.atMs };
    send({ type: 'heartbeat', held: [], load, ...(pong && { pong }) });
    setTimeout(beat, periodMs);
  };
  socket.on('message', (data: Buffer) => {
    const message = ToAgent.parse(JSON.parse(data.toString()));
    if (message.type === 'challenge') send(hello(identity, at, message));
    else if (message.type === 'welcome') periodMs = message.heartbeatMs;
    else if (message.type === 'heartbeat-ack') {
      counts.acks += 1;
      acks += 1;
      if (message.ping !== undefined) ping = { ping: message.ping, atMs: performance.now() };
      // As an agent does: the first answer is to the hello, and its heartbeat follows at once.
      if (acks === 1) beat();
      else resolve();
    } else if (message.type === 'refused') reject(new Error(message.message));
  });
  socket.on('error', reject);
  socket.on('close', () => {
    counts.lost += 1;
    reject(new Error(`the socket of node ${at} was closed`));
  });
  return promise;
}

function hello(
  identity: Identity,
  at: number,
  { fogId, nonce, serverKey }: Extract<ToAgent, { type: 'challenge' }>,
): FromAgent {
  const nodeKey = Buffer.from(identity.publicKey).toString('base64');
  const proof = agentAuthBytes({ fogId, nonce, serverKey, nodeKey });
  return {
    type: 'hello',
    protocol: AGENT_PROTOCOL,
    nodeKey,
    signature: Buffer.from(identity.sign(proof)).toString('base64'),
    name: `load-${at}`,
    capabilities: CAPABILITIES,
    profile: { type: 'edge_device', labels: {} },
    credit: CREDIT,
    held: [],
  };
}
