/** Plays the coordinator over real sockets; the test says what it sends. */
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { identityFromSeed, identityId, sha256Hex, verifySignature } from '@fog/crypto';
import {
  AGENT_PROTOCOL,
  agentAuthBytes,
  FromAgent,
  type Hello,
  JobSpec,
  type JobSpecInput,
  type Lease,
  MAX_AGENT_FRAME_BYTES,
  type TaskResult,
  type ToAgent,
} from '@fog/wire';
import { type WebSocket, WebSocketServer } from 'ws';

export const OWNER = 'alice';
const NONCE = Buffer.alloc(32, 7).toString('base64');

type Of<T extends FromAgent['type']> = Extract<FromAgent, { type: T }>;

/** One accepted socket. */
export class FakeSession {
  readonly socket: WebSocket;
  readonly frames: FromAgent[] = [];
  closeCode: number | undefined;

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('close', (code) => {
      this.closeCode = code;
    });
  }

  send(message: ToAgent): void {
    this.socket.send(JSON.stringify(message));
  }

  all<T extends FromAgent['type']>(type: T): Of<T>[] {
    return this.frames.filter((frame): frame is Of<T> => frame.type === type);
  }

  get results(): TaskResult[] {
    return this.all('results').flatMap((frame) => frame.results);
  }

  get hello(): Hello | undefined {
    return this.all('hello')[0];
  }
}

export interface FakeCoordinatorOptions {
  readonly port?: number;
  readonly seed?: number;
  readonly protocol?: number;
  readonly heartbeatMs?: number;
  readonly leasedHeartbeatMs?: number;
  /** Instead of `welcome`. */
  readonly answer?: (hello: Hello) => ToAgent | undefined;
  readonly ackResults?: boolean;
}

export class FakeCoordinator implements AsyncDisposable {
  readonly sessions: FakeSession[] = [];
  readonly blobs = new Map<string, Uint8Array>();
  readonly specs = new Map<string, JobSpec>();
  readonly uploads: { readonly token: string; readonly content: string; readonly bytes: Buffer }[] =
    [];
  readonly requests: string[] = [];
  /** Answers a request instead of the blob routes when it returns true. */
  intercept: ((request: IncomingMessage, answer: ServerResponse) => boolean) | undefined;
  maxFrameBytes = 0;
  ackHeartbeats = true;
  readonly #server: Server;
  readonly #sockets: WebSocketServer;
  readonly #options: FakeCoordinatorOptions;
  readonly #identity;

  private constructor(options: FakeCoordinatorOptions) {
    this.#options = options;
    this.#identity = identityFromSeed(new Uint8Array(32).fill(options.seed ?? 1));
    this.#server = createServer((request, answer) => void this.#http(request, answer));
    this.#sockets = new WebSocketServer({
      server: this.#server,
      path: '/api/v1/agent',
      maxPayload: MAX_AGENT_FRAME_BYTES,
    });
    this.#sockets.on('connection', (socket) => this.#accept(socket));
  }

  static async start(options: FakeCoordinatorOptions = {}): Promise<FakeCoordinator> {
    const coordinator = new FakeCoordinator(options);
    coordinator.#server.listen(options.port ?? 0, '127.0.0.1');
    await once(coordinator.#server, 'listening');
    return coordinator;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get latest(): FakeSession {
    const session = this.sessions.at(-1);
    assert.ok(session, 'no session yet');
    return session;
  }

  addBlob(text: string): string {
    const bytes = Buffer.from(text);
    const content = sha256Hex(bytes);
    this.blobs.set(content, bytes);
    return content;
  }

  /** Sends leases of one job, with its spec inline. */
  work(spec: JobSpecInput, leases: readonly LeaseInput[], session = this.latest): void {
    session.send(workOf(JobSpec.parse(spec), leases));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#sockets.clients) client.terminate();
    this.#sockets.close();
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  #accept(socket: WebSocket): void {
    const session = new FakeSession(socket);
    this.sessions.push(session);
    const fogId = this.#identity.id;
    const serverKey = Buffer.from(this.#identity.publicKey).toString('base64');
    socket.on('message', (data: Buffer) => {
      this.maxFrameBytes = Math.max(this.maxFrameBytes, data.length);
      const frame = FromAgent.parse(JSON.parse(data.toString()));
      session.frames.push(frame);
      if (frame.type === 'hello') this.#welcome(session, frame, { fogId, serverKey });
      if (frame.type === 'heartbeat' && this.ackHeartbeats) {
        session.send({ type: 'heartbeat-ack', leaseMs: 30_000, revoked: [] });
      }
      if (frame.type === 'results' && this.#options.ackResults !== false) {
        session.send({ type: 'ack', tokens: frame.results.map((one) => one.token), late: [] });
      }
    });
    const protocol = this.#options.protocol ?? AGENT_PROTOCOL;
    session.send({ type: 'challenge', protocol, fogId, nonce: NONCE, serverKey });
  }

  #welcome(session: FakeSession, hello: Hello, fog: { fogId: string; serverKey: string }): void {
    const nodeKey = Buffer.from(hello.nodeKey, 'base64');
    const proof = agentAuthBytes({ ...fog, nonce: NONCE, nodeKey: hello.nodeKey });
    assert.ok(verifySignature(nodeKey, proof, Buffer.from(hello.signature, 'base64')));
    const answer = this.#options.answer?.(hello);
    session.send(
      answer ?? {
        type: 'welcome',
        nodeId: identityId(nodeKey),
        owner: OWNER,
        httpToken: `token-${this.sessions.length}`,
        heartbeatMs: this.#options.heartbeatMs ?? 15_000,
        leasedHeartbeatMs: this.#options.leasedHeartbeatMs ?? 10_000,
      },
    );
  }

  async #http(request: IncomingMessage, answer: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', 'http://localhost');
    this.requests.push(`${request.method} ${url.pathname}`);
    if (this.intercept?.(request, answer) === true) return;
    if (request.headers.authorization !== `Bearer token-${this.sessions.length}`) {
      return void answer.writeHead(401).end('{}');
    }
    const name = url.pathname.split('/').at(-1) ?? '';
    if (request.method === 'POST') {
      const parts: Buffer[] = [];
      for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
      const bytes = Buffer.concat(parts);
      const content = sha256Hex(bytes);
      this.uploads.push({ token: url.searchParams.get('token') ?? '', content, bytes });
      return void answer.writeHead(201).end(JSON.stringify({ content, sizeBytes: bytes.length }));
    }
    const spec = this.specs.get(name);
    if (spec !== undefined) return void answer.end(JSON.stringify(spec));
    const blob = this.blobs.get(name);
    if (blob === undefined) return void answer.writeHead(404).end('{}');
    answer.end(blob);
  }
}

export type LeaseInput = Partial<Lease> & { readonly token: number };

export const JOB = 'jabcdefghijkl';

export function workOf(spec: JobSpec | undefined, leases: readonly LeaseInput[]): ToAgent {
  const job = leases[0]?.job ?? JOB;
  return {
    type: 'work',
    jobs: [{ id: job, owner: OWNER, ...(spec === undefined ? {} : { spec }) }],
    leases: leases.map((lease) => ({
      job,
      index: 0,
      attempt: 1,
      leaseMs: 30_000,
      ...lease,
    })),
  };
}
