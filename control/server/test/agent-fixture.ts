/** An agent that speaks the protocol by hand. */
import { randomBytes } from 'node:crypto';
import { type Identity, identityFromSeed, sha256Hex } from '@fog/crypto';
import {
  AGENT_PROTOCOL,
  agentAuthBytes,
  type Challenge,
  EMPTY_OUTPUT,
  type FromAgent,
  type Hashing,
  type Lease,
  manifestBatchBytes,
  manifestDigest,
  type Outcome,
  resultManifest,
  type SignedWork,
  signedWork,
  type ToAgent,
} from '@fog/wire';
import { WebSocket } from 'ws';
import type { z } from 'zod';

type Message<T extends ToAgent['type']> = Extract<ToAgent, { type: T }>;

const HASHING: Hashing = { sha256: sha256Hex, fromBase64: (text) => Buffer.from(text, 'base64') };

export class RawAgent implements Disposable {
  readonly identity: Identity;
  readonly socket: WebSocket;
  readonly #received: ToAgent[] = [];
  /** What the manifests of its results are made of. */
  readonly #leases = new Map<number, { readonly lease: Lease; readonly work: SignedWork }>();
  #fogId = '';
  #wake = Promise.withResolvers<void>();
  #closed: { code: number } | undefined;

  constructor(url: string, identity = identityFromSeed(randomBytes(32))) {
    this.identity = identity;
    this.socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/agent`);
    this.socket.on('error', () => {});
    this.socket.on('message', (data: Buffer) => {
      const message: ToAgent = JSON.parse(data.toString('utf8'));
      this.#learn(message);
      this.#received.push(message);
      this.#signal();
    });
    this.socket.on('close', (code) => {
      this.#closed = { code };
      this.#signal();
    });
  }

  #learn(message: ToAgent): void {
    if (message.type === 'challenge') this.#fogId = message.fogId;
    if (message.type !== 'work') return;
    for (const lease of message.leases) {
      const spec = message.jobs.find(({ id }) => id === lease.job)?.spec;
      if (spec !== undefined) {
        this.#leases.set(lease.token, { lease, work: signedWork(spec, HASHING) });
      }
    }
  }

  /** Sends one result, signed as a real agent signs it. */
  sendResult(token: number, outcome: Outcome): void {
    const { id: node } = this.identity;
    const fogId = this.#fogId;
    const { lease, work } = this.#leases.get(token) ?? {};
    const { job = '', index = 0, attempt = 0 } = lease ?? {};
    const manifest = resultManifest(
      { fogId, node, job, index, attempt, token },
      { work, item: lease?.item },
      { outcome },
      HASHING,
    );
    const digest = manifestDigest(manifest, HASHING);
    const signature = this.identity.sign(manifestBatchBytes(fogId, node, [digest]));
    this.send({
      type: 'results',
      results: [{ token, outcome, digest }],
      signature: Buffer.from(signature).toString('base64'),
    });
  }

  #signal(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }

  /** The next message of this type that was not read yet; messages of other types are kept. */
  async next<T extends ToAgent['type']>(type: T): Promise<Message<T>> {
    for (;;) {
      const index = this.#received.findIndex((message) => message.type === type);
      if (index !== -1) return this.#received.splice(index, 1)[0] as Message<T>;
      if (this.#closed !== undefined) throw new Error(`closed before a ${type} came`);
      await this.#wake.promise;
    }
  }

  /** The code of the close frame, once it has come. */
  async closed(): Promise<number> {
    while (this.#closed === undefined) await this.#wake.promise;
    return this.#closed.code;
  }

  send(message: FromAgent | Record<string, unknown>): void {
    this.socket.send(JSON.stringify(message));
  }

  /** A hello that proves the key against `challenge`, with changes for what the test is about. */
  hello(challenge: z.infer<typeof Challenge>, changes: Record<string, unknown> = {}): object {
    const nodeKey = Buffer.from(this.identity.publicKey).toString('base64');
    const proof = this.identity.sign(agentAuthBytes({ ...challenge, nodeKey }));
    return {
      type: 'hello',
      protocol: AGENT_PROTOCOL,
      nodeKey,
      signature: Buffer.from(proof).toString('base64'),
      name: 'test agent',
      capabilities: {
        platform: 'linux',
        arch: 'x64',
        cores: 2,
        memoryBytes: 2 ** 32,
        slots: 2,
        sandboxLevel: 'process',
        runtimes: ['wasm'],
        version: '0.1.0',
      },
      credit: 16,
      held: [],
      ...changes,
    };
  }

  async join(joinCode?: string): Promise<Message<'welcome'>> {
    const challenge = await this.next('challenge');
    this.send({ ...this.hello(challenge), ...(joinCode === undefined ? {} : { joinCode }) });
    return this.next('welcome');
  }

  [Symbol.dispose](): void {
    this.socket.terminate();
  }
}

export function outcomeOf(text: string, changes: Partial<Outcome> = {}): Outcome {
  const data = Buffer.from(text).toString('base64');
  return {
    exitCode: 0,
    stdout: { sizeBytes: Buffer.byteLength(text), data },
    stderr: EMPTY_OUTPUT,
    files: [],
    usage: { wallMs: 1, cpuMs: 1, peakMemoryBytes: 1 },
    ...changes,
  };
}
