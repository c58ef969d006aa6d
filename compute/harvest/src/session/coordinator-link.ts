/**
 * The agent's side of the session: dials, proves the node key, hands frames up, and dials again
 * for ever. The fog is known by its pinned key; see known-fogs.ts for what that does not prove.
 */
import type { Identity } from '@fog/crypto';
import { type Clock, type FogError, type Logger } from '@fog/kernel';
import {
  AGENT_PROTOCOL,
  agentAuthBytes,
  type Capabilities,
  type FromAgent,
  type Hello,
  type ToAgent,
} from '@fog/wire';
import { fail } from '../errors.ts';
import { HANDSHAKE_MS, STABLE_SESSION_MS } from '../limits.ts';
import { createBackoff, type Backoff } from './backoff.ts';
import { type Connection, dial } from './connection.ts';
import type { KnownFog, KnownFogs } from './known-fogs.ts';

export type ToAgentOf<T extends ToAgent['type']> = Extract<ToAgent, { type: T }>;
export type SessionMessage = Exclude<ToAgent, { type: 'challenge' | 'welcome' | 'refused' }>;

export interface LinkEvents {
  /** `remembered` settles once the fog is pinned on disk. */
  welcome(welcome: ToAgentOf<'welcome'>, remembered: Promise<void>): void;
  message(message: SessionMessage): void;
  /** A welcomed session is over; another is being sought. */
  lost(reason: string): void;
  /** An attempt failed; another follows. */
  failed(reason: string): void;
  /** No further attempt. */
  ended(error: FogError): void;
}

export interface LinkOptions {
  readonly base: URL;
  readonly name: string;
  readonly joinCode: string | undefined;
  readonly capabilities: Capabilities;
  readonly credit: number;
  /** Tokens to announce in `hello`. */
  readonly held: () => number[];
}

export interface LinkDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly identity: Identity;
  readonly random: () => number;
  readonly knownFogs: KnownFogs;
}

interface Session {
  readonly connection: Connection;
  readonly closed: PromiseWithResolvers<void>;
  state: 'challenge' | 'proving' | 'open' | 'over';
  openedAtMs: number;
  fog: KnownFog | undefined;
  httpToken: string;
}

export class CoordinatorLink {
  readonly #options: LinkOptions;
  readonly #deps: LinkDeps;
  readonly #events: LinkEvents;
  readonly #backoff: Backoff;
  readonly #tokenWaiters = new Set<(token: string) => void>();
  #joinCode: string | undefined;
  #session: Session | undefined;
  #cancelRetry: () => void = () => {};
  #stopped = false;
  #badFrames = 0;
  #fogId = '';

  constructor(options: LinkOptions, deps: LinkDeps, events: LinkEvents) {
    this.#options = options;
    this.#deps = deps;
    this.#events = events;
    this.#backoff = createBackoff(deps.random);
    this.#joinCode = options.joinCode;
  }

  /** Of the fog last met; empty before the first. */
  get fogId(): string {
    return this.#fogId;
  }

  get badFrames(): number {
    return this.#badFrames;
  }

  get open(): boolean {
    return this.#session?.state === 'open';
  }

  get bufferedBytes(): number {
    return this.#session?.connection.bufferedBytes ?? 0;
  }

  /** Dials once; further attempts follow by themselves. */
  connect(): void {
    const { clock } = this.#deps;
    const session: Session = {
      connection: dial(new URL('api/v1/agent', websocketBase(this.#options.base)), clock, {
        message: (message) => this.#receive(session, message),
        badFrame: (reason) => this.#countBadFrame(reason),
        closed: (reason) => {
          cancelDeadline();
          this.#closed(session, reason);
        },
      }),
      closed: Promise.withResolvers<void>(),
      state: 'challenge',
      openedAtMs: 0,
      fog: undefined,
      httpToken: '',
    };
    const cancelDeadline = clock.after(HANDSHAKE_MS, () => {
      if (session.state !== 'open') session.connection.terminate('it did not finish the handshake');
    });
    this.#session = session;
  }

  /** Only an open session takes frames; others drop them, and what must not be lost is sent again. */
  send(message: FromAgent): void {
    this.sendText(JSON.stringify(message));
  }

  sendText(text: string): void {
    if (this.open) this.#session?.connection.send(text);
  }

  /** Bearer token of the open session; waits for one while there is none. */
  httpToken(signal: AbortSignal): Promise<string> {
    if (this.#session?.state === 'open') return Promise.resolve(this.#session.httpToken);
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const aborted = (): void => reject(fail('AGENT_STOPPED', { cause: signal.reason }));
    if (signal.aborted) aborted();
    signal.addEventListener('abort', aborted, { once: true });
    this.#tokenWaiters.add(resolve);
    return promise.finally(() => {
      signal.removeEventListener('abort', aborted);
      this.#tokenWaiters.delete(resolve);
    });
  }

  /** For frames that fit the schema but break the protocol. */
  protocolError(reason: string): void {
    this.#session?.connection.reject(reason);
  }

  drop(reason: string): void {
    this.#session?.connection.terminate(reason);
  }

  async ping(signal: AbortSignal): Promise<void> {
    if (!this.open) throw fail('AGENT_UNREACHABLE', { message: 'There is no connection now.' });
    await this.#session?.connection.ping(signal);
  }

  /** No attempt follows; resolves once the socket is gone. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelRetry();
    this.#session?.connection.close('the agent stops');
    await this.#session?.closed.promise;
  }

  #receive(session: Session, message: ToAgent): void {
    if (this.#stopped || session !== this.#session || session.state === 'over') return;
    if (message.type === 'refused') this.#refused(session, message);
    else if (message.type === 'challenge' && session.state === 'challenge') {
      this.#prove(session, message);
    } else if (message.type === 'welcome' && session.state === 'proving') {
      this.#welcome(session, message);
    } else if (isSessionMessage(message) && session.state === 'open') {
      this.#events.message(message);
    } else this.protocolError(`the coordinator sent "${message.type}" out of turn`);
  }

  #prove(session: Session, challenge: ToAgentOf<'challenge'>): void {
    const { identity, knownFogs } = this.#deps;
    const { base, name, capabilities, credit, held } = this.#options;
    const { fogId, nonce, serverKey } = challenge;
    if (challenge.protocol !== AGENT_PROTOCOL) return this.#end(otherProtocol(base, challenge));
    session.fog = { address: base.host, fogId, serverKey };
    const stranger = knownFogs.check(session.fog);
    if (stranger !== undefined) return this.#end(stranger);
    const nodeKey = toBase64(identity.publicKey);
    const proof = agentAuthBytes({ fogId, nonce, serverKey, nodeKey });
    const hello: Hello = {
      type: 'hello',
      protocol: AGENT_PROTOCOL,
      nodeKey,
      signature: toBase64(identity.sign(proof)),
      ...(this.#joinCode === undefined ? {} : { joinCode: this.#joinCode }),
      name,
      capabilities,
      credit,
      held: held(),
    };
    session.state = 'proving';
    this.#fogId = fogId;
    session.connection.send(JSON.stringify(hello));
  }

  #welcome(session: Session, welcome: ToAgentOf<'welcome'>): void {
    const { clock, identity, knownFogs } = this.#deps;
    if (welcome.nodeId !== identity.id) return this.#end(wrongNode(welcome.nodeId, identity.id));
    session.state = 'open';
    session.openedAtMs = clock.monotonicMs();
    session.httpToken = welcome.httpToken;
    this.#joinCode = undefined;
    for (const resolve of this.#tokenWaiters) resolve(welcome.httpToken);
    const { fog } = session;
    this.#events.welcome(welcome, fog === undefined ? Promise.resolve() : knownFogs.remember(fog));
  }

  #refused(session: Session, refused: ToAgentOf<'refused'>): void {
    if (!refused.final) return session.connection.close(refused.message);
    const { message, code } = refused;
    this.#end(fail('AGENT_REFUSED', { message, details: { code } }));
  }

  #end(error: FogError): void {
    void this.stop();
    this.#events.ended(error);
  }

  #closed(session: Session, reason: string): void {
    const wasOpen = session.state === 'open';
    session.state = 'over';
    session.closed.resolve();
    if (this.#stopped) return;
    const { clock } = this.#deps;
    if (wasOpen && clock.monotonicMs() - session.openedAtMs >= STABLE_SESSION_MS) {
      this.#backoff.reset();
    }
    this.#cancelRetry = clock.after(this.#backoff.nextMs(), () => this.connect());
    if (wasOpen) this.#events.lost(reason);
    else this.#events.failed(reason);
  }

  #countBadFrame(reason: string): void {
    this.#badFrames += 1;
    this.#deps.logger.warn('bad frame from the coordinator', { reason });
  }
}

function isSessionMessage(message: ToAgent): message is SessionMessage {
  return message.type !== 'challenge' && message.type !== 'welcome' && message.type !== 'refused';
}

function websocketBase(base: URL): URL {
  const url = new URL(base);
  url.protocol = 'ws:';
  return url;
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function otherProtocol(base: URL, challenge: ToAgentOf<'challenge'>): FogError {
  return fail('AGENT_PROTOCOL', {
    message:
      `The fog at ${base.host} speaks agent protocol ${challenge.protocol}, this agent ${AGENT_PROTOCOL}. ` +
      'Install the same version of fog on both machines.',
    details: { theirs: challenge.protocol, ours: AGENT_PROTOCOL },
  });
}

function wrongNode(named: string, own: string): FogError {
  return fail('AGENT_WRONG_NODE', {
    message: `The fog welcomed this node as ${named}, but its key says ${own}. Report this: the coordinator is faulty.`,
    details: { named, own },
  });
}
