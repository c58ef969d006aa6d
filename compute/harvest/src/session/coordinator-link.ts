/**
 * The agent's side of the session: dials, proves the node key, hands frames up, and dials again
 * for ever, at one address of the fog after the other. See known-fogs.ts for what proves which fog it is.
 */
import { type Identity, identityId } from '@fog/crypto';
import { createPeerAgent } from '@fog/crypto/tls';
import { type Clock, type FogError, type Logger } from '@fog/kernel';
import {
  AGENT_PROTOCOL,
  agentAuthBytes,
  type Capabilities,
  type FogAddress,
  type FromAgent,
  type Hello,
  type NodeProfile,
  type ToAgent,
} from '@fog/wire';
import { fail } from '../errors.ts';
import { BACKOFF_MIN_MS, HANDSHAKE_MS, MAX_HTTP_SOCKETS, STABLE_SESSION_MS } from '../limits.ts';
import { createBackoff, type Backoff } from './backoff.ts';
import { type Connection, type ConnectionEnd, dial } from './connection.ts';
import { DialList } from './dial-list.ts';
import type { HttpAccess } from './http-access.ts';
import type { KnownFogs } from './known-fogs.ts';

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
  readonly address: FogAddress;
  readonly name: string;
  readonly joinCode: string | undefined;
  readonly capabilities: Capabilities;
  readonly profile: NodeProfile;
  readonly credit: number;
  /** Tokens to announce in `hello`. */
  readonly held: (fogId: string) => number[];
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
  fogId: string;
  readonly url: URL;
  access: HttpAccess | undefined;
}

/** For blobs. */
const KEPT_ALIVE = { keepAlive: true, maxSockets: MAX_HTTP_SOCKETS } as const;

export class CoordinatorLink {
  readonly #options: LinkOptions;
  readonly #deps: LinkDeps;
  readonly #events: LinkEvents;
  readonly #backoff: Backoff;
  readonly #dials: DialList;
  readonly #accessWaiters = new Set<(access: HttpAccess) => void>();
  #joinCode: string | undefined;
  #session: Session | undefined;
  #cancelRetry: () => void = () => {};
  #stopped = false;
  #badFrames = 0;
  #fogId = '';
  /** Addresses in a row at which another fog answered. */
  #strangers = 0;

  constructor(options: LinkOptions, deps: LinkDeps, events: LinkEvents) {
    this.#options = options;
    this.#deps = deps;
    this.#events = events;
    this.#backoff = createBackoff(deps.random);
    this.#joinCode = options.joinCode;
    this.#dials = new DialList(options.address);
  }

  /** Of the fog last met; empty before the first. */
  get fogId(): string {
    return this.#fogId;
  }

  get badFrames(): number {
    return this.#badFrames;
  }

  /** Where the session is, or is sought. */
  get host(): string {
    return this.#dials.current.host;
  }

  /** All addresses that are dialled. */
  get hosts(): string {
    return this.#dials.text;
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
    const url = this.#dials.current;
    const agent = createPeerAgent(url, this.#dials.fogId);
    const session: Session = {
      url,
      connection: dial({ url: websocketUrl(url), agent }, clock, {
        message: (message) => this.#receive(session, message),
        badFrame: (reason) => this.#countBadFrame(reason),
        closed: (end) => {
          cancelDeadline();
          this.#closed(session, end);
        },
      }),
      closed: Promise.withResolvers<void>(),
      state: 'challenge',
      openedAtMs: 0,
      fogId: '',
      access: undefined,
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

  /** Of the open session; waits for one while there is none. */
  httpAccess(signal: AbortSignal): Promise<HttpAccess> {
    const { access } = this.#session ?? {};
    if (this.open && access !== undefined) return Promise.resolve(access);
    const { promise, resolve, reject } = Promise.withResolvers<HttpAccess>();
    const aborted = (): void => reject(fail('AGENT_STOPPED', { cause: signal.reason }));
    if (signal.aborted) aborted();
    signal.addEventListener('abort', aborted, { once: true });
    this.#accessWaiters.add(resolve);
    return promise.finally(() => {
      signal.removeEventListener('abort', aborted);
      this.#accessWaiters.delete(resolve);
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
    const { name, capabilities, profile, credit, held } = this.#options;
    const { url } = session;
    const { fogId, nonce, serverKey } = challenge;
    if (challenge.protocol !== AGENT_PROTOCOL) return this.#end(otherProtocol(url, challenge));
    session.fogId = fogId;
    const expected = this.#dials.fogId;
    // An id in the address is somebody's word of now; memory speaks where there is none.
    const remembered = expected === undefined ? knownFogs.check(session) : undefined;
    const stranger = impostor(challenge, expected, url) ?? remembered;
    if (stranger !== undefined) return session.connection.refuse(stranger);
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
      profile,
      credit,
      held: held(fogId),
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
    const { url, fogId } = session;
    const access: HttpAccess = {
      base: url,
      token: welcome.httpToken,
      agent: createPeerAgent(url, this.#dials.fogId, KEPT_ALIVE),
    };
    session.access = access;
    this.#joinCode = undefined;
    for (const resolve of this.#accessWaiters) resolve(access);
    const others = this.#dials.learn(welcome.addresses ?? []);
    const pinned = this.#dials.fogId !== undefined && url.protocol === 'https:';
    this.#events.welcome(welcome, knownFogs.remember({ fogId, pinned, url, others }));
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

  #closed(session: Session, { reason, stranger }: ConnectionEnd): void {
    const wasOpen = session.state === 'open';
    session.state = 'over';
    session.closed.resolve();
    session.access?.agent.destroy();
    if (this.#stopped) return;
    this.#strangers = stranger === undefined ? 0 : this.#strangers + 1;
    if (stranger !== undefined && this.#strangers >= this.#dials.size) return this.#end(stranger);
    const { clock } = this.#deps;
    if (wasOpen && clock.monotonicMs() - session.openedAtMs >= STABLE_SESSION_MS) {
      this.#backoff.reset();
    }
    this.#cancelRetry = clock.after(this.#pauseMs(), () => this.connect());
    if (wasOpen) this.#events.lost(reason);
    else this.#events.failed(reason);
  }

  /** Each address has its turn at once; the pause is for a fog that none of them reaches. */
  #pauseMs(): number {
    return this.#dials.next() ? this.#backoff.nextMs() : BACKOFF_MIN_MS;
  }

  #countBadFrame(reason: string): void {
    this.#badFrames += 1;
    this.#deps.logger.warn('bad frame from the coordinator', { reason });
  }
}

function isSessionMessage(message: ToAgent): message is SessionMessage {
  return message.type !== 'challenge' && message.type !== 'welcome' && message.type !== 'refused';
}

function websocketUrl(base: URL): URL {
  const url = new URL('api/v1/agent', base);
  url.protocol = base.protocol === 'https:' ? 'wss:' : 'ws:';
  return url;
}

/** A challenge of a fog it cannot be: its id is not that of its key, or not the one the address names. */
function impostor(
  { fogId, serverKey }: ToAgentOf<'challenge'>,
  expected: string | undefined,
  url: URL,
): FogError | undefined {
  const seen = identityId(Buffer.from(serverKey, 'base64'));
  if (fogId === seen && (expected === undefined || expected === seen)) return undefined;
  return fail('AGENT_OTHER_FOG', {
    message: `Not the fog that was meant answers at ${url.host}: expected ${expected ?? fogId}, seen ${seen}. Check the address; if the fog was set up anew, take a new join line from "fog invite" there.`,
    details: { address: url.host, known: expected ?? fogId, met: seen },
  });
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function otherProtocol(url: URL, challenge: ToAgentOf<'challenge'>): FogError {
  return fail('AGENT_PROTOCOL', {
    message:
      `The fog at ${url.host} speaks agent protocol ${challenge.protocol}, this agent ${AGENT_PROTOCOL}. ` +
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
