/** The listening socket of a relay: who may connect, for how long, and what each may cost before it is known. */
import { createServer as createTcpServer, type Server as TcpServer, type Socket } from 'node:net';
import {
  createServer as createTlsServer,
  type Server as TlsServer,
  type TLSSocket,
} from 'node:tls';
import { once } from 'node:events';
import { errorMessage, type Logger, TokenBucket } from '@fog/kernel';
import { fail } from '../errors.ts';
import { addressGroup } from './address-group.ts';
import { type AcceptOptions, type Accepted, acceptHandshake } from './handshake.ts';
import { LINGER_MS, LOG_BURST, LOG_RATE } from './limits.ts';
import type { LinkCertificate } from './link-certificate.ts';
import type { LinkCounters } from './link-counters.ts';
import type { LinkLimits } from './link-ports.ts';
import { linkTlsOptions } from './link-tls.ts';

export type AcceptedLink = Extract<Accepted, { ok: true }> & { readonly socket: TLSSocket };
type RefusedLink = Extract<Accepted, { ok: false }>;

export interface LinkServerOptions extends AcceptOptions {
  readonly host: string;
  readonly port: number;
  readonly certificate: LinkCertificate;
  readonly limits: LinkLimits;
  readonly logger: Logger;
  readonly counters: LinkCounters;
  readonly onLink: (link: AcceptedLink) => void;
}

/** A connection, from its first packet on. */
interface Caller {
  readonly name: string;
  readonly raw: Socket;
  readonly address: string;
  /** Whether it counts against its address. */
  counted: boolean;
  cancelDeadline: () => void;
}

export class LinkServer {
  readonly #options: LinkServerOptions;
  /** Those that have not been let in, by remote address and port. */
  readonly #callers = new Map<string, Caller>();
  readonly #perAddress = new Map<string, number>();
  readonly #tcp: TcpServer;
  readonly #tls: TlsServer;
  readonly #arrivals: TokenBucket;
  readonly #lines: TokenBucket;

  constructor(options: LinkServerOptions) {
    this.#options = options;
    const nowMs = options.clock.monotonicMs();
    const { acceptRate, acceptBurst } = options.limits;
    this.#arrivals = new TokenBucket({ rate: acceptRate, burst: acceptBurst }, nowMs);
    this.#lines = new TokenBucket({ rate: LOG_RATE, burst: LOG_BURST }, nowMs);
    this.#tls = createTlsServer(
      {
        ...linkTlsOptions(options.certificate),
        requestCert: true,
        // The raw key is compared instead: see `acceptHandshake`.
        rejectUnauthorized: false,
        handshakeTimeout: options.limits.handshakeMs,
      },
      (socket) => void this.#greet(socket),
    );
    this.#tls.on('tlsClientError', (error, socket) => this.#tlsFailed(error, socket));
    this.#tcp = createTcpServer({ noDelay: true }, (raw) => this.#enter(raw));
  }

  get port(): number {
    const address = this.#tcp.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  get halfOpen(): number {
    return this.#callers.size;
  }

  async listen(signal: AbortSignal): Promise<void> {
    const { host, port } = this.#options;
    try {
      const listening = once(this.#tcp, 'listening', { signal });
      this.#tcp.listen({ host, port });
      await listening;
    } catch (cause) {
      signal.throwIfAborted();
      throw fail('MIXNET_LINK_LISTEN', {
        message: `The relay cannot listen on ${host}:${port}: ${errorMessage(cause)}. Free the port or choose another.`,
        cause,
      });
    }
  }

  /** Stops listening and drops who has not been let in; established links are their owner's to end before. */
  async close(): Promise<void> {
    for (const { raw } of this.#callers.values()) raw.destroy();
    if (!this.#tcp.listening) return;
    const closed = once(this.#tcp, 'close');
    this.#tcp.close();
    await closed;
  }

  /** Over the caps, a connection is dropped before it costs more than its file descriptor. */
  #enter(raw: Socket): void {
    const { limits, counters, clock } = this.#options;
    const address = addressGroup(raw.remoteAddress);
    const fromAddress = this.#perAddress.get(address) ?? 0;
    raw.on('error', () => raw.destroy());
    if (!this.#hasRoom(fromAddress)) {
      counters.refuse('capped');
      raw.destroy();
      return;
    }
    this.#perAddress.set(address, fromAddress + 1);
    const cancelDeadline = clock.after(limits.handshakeMs, () => {
      counters.refuse('timeout');
      raw.destroy();
    });
    const caller: Caller = { name: nameOf(raw), raw, address, counted: true, cancelDeadline };
    this.#callers.set(caller.name, caller);
    raw.once('close', () => {
      this.#forget(caller);
      this.#uncount(caller);
    });
    this.#tls.emit('connection', raw);
  }

  #hasRoom(fromAddress: number): boolean {
    const { limits, clock } = this.#options;
    if (this.#callers.size >= limits.maxHalfOpen) return false;
    if (fromAddress >= limits.maxLinksPerAddress) return false;
    return this.#arrivals.take(1, clock.monotonicMs()) === 1;
  }

  #tlsFailed(error: Error, socket: TLSSocket): void {
    // A caller that hung up or was cut has been counted for what it is.
    if (!this.#callers.has(nameOf(socket))) return;
    this.#options.counters.refuse('tls');
    this.#options.logger.debug('a peer failed the TLS handshake', { error: errorMessage(error) });
    socket.destroy();
  }

  async #greet(socket: TLSSocket): Promise<void> {
    socket.on('error', () => socket.destroy());
    const caller = this.#callers.get(nameOf(socket));
    if (caller === undefined) {
      socket.destroy();
      return;
    }
    const accepted = await acceptHandshake(socket, this.#options);
    if (accepted.ok) this.#letIn(caller, { ...accepted, socket });
    else this.#turnAway(caller, socket, accepted);
  }

  #letIn(caller: Caller, link: AcceptedLink): void {
    this.#forget(caller);
    if (link.peer.role === 'relay') this.#uncount(caller);
    this.#options.onLink(link);
  }

  /** The peer gets a moment to read why, and stays half-open in the books until it is gone. */
  #turnAway(caller: Caller, socket: TLSSocket, { refusal, text }: RefusedLink): void {
    const { counters, logger, clock } = this.#options;
    if (refusal === 'closed') {
      caller.raw.destroy();
      return;
    }
    counters.refuse(refusal);
    if (this.#lines.take(1, clock.monotonicMs()) === 1) {
      logger.info('a peer was refused', { refusal, text });
    }
    caller.cancelDeadline();
    caller.cancelDeadline = clock.after(LINGER_MS, () => caller.raw.destroy());
    socket.resume();
  }

  #forget(caller: Caller): void {
    caller.cancelDeadline();
    if (this.#callers.get(caller.name) === caller) this.#callers.delete(caller.name);
  }

  #uncount(caller: Caller): void {
    if (!caller.counted) return;
    caller.counted = false;
    const left = (this.#perAddress.get(caller.address) ?? 0) - 1;
    if (left > 0) this.#perAddress.set(caller.address, left);
    else this.#perAddress.delete(caller.address);
  }
}

function nameOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
