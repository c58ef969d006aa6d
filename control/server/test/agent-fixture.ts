/** An agent that speaks the protocol by hand. */
import { randomBytes } from 'node:crypto';
import { type Identity, identityFromSeed } from '@fog/crypto';
import {
  AGENT_PROTOCOL,
  agentAuthBytes,
  type Challenge,
  EMPTY_OUTPUT,
  type FromAgent,
  type Outcome,
  type ToAgent,
} from '@fog/wire';
import { WebSocket } from 'ws';
import type { z } from 'zod';

type Message<T extends ToAgent['type']> = Extract<ToAgent, { type: T }>;

export class RawAgent implements Disposable {
  readonly identity: Identity;
  readonly socket: WebSocket;
  readonly #received: ToAgent[] = [];
  #wake = Promise.withResolvers<void>();
  #closed: { code: number } | undefined;

  constructor(url: string, identity = identityFromSeed(randomBytes(32))) {
    this.identity = identity;
    this.socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/agent`);
    this.socket.on('error', () => {});
    this.socket.on('message', (data: Buffer) => {
      this.#received.push(JSON.parse(data.toString('utf8')));
      this.#signal();
    });
    this.socket.on('close', (code) => {
      this.#closed = { code };
      this.#signal();
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
