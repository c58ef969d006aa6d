import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type TLSSocket } from 'node:tls';
import { identityFromSeed, type Identity } from '@fog/crypto';
import { systemClock, type Clock, type LogFields, type Logger } from '@fog/kernel';
import { PACKET_BYTES } from '@fog/sphinx';
import type { RelayAddress } from '../../src/directory/documents.ts';
import type {
  LinkDirectory,
  LinkLimits,
  RelayLinks,
  RelayLinksDeps,
} from '../../src/link/link-ports.ts';
import { createRelayLinks } from '../../src/link/relay-links.ts';
import {
  type Answer,
  decodeAnswer,
  encodeHello,
  type Hello,
  helloTime,
  LINK_PROTOCOL,
} from '../../src/link/hello.ts';
import { HELLO_BYTES } from '../../src/link/limits.ts';
import { createLinkCertificate } from '../../src/link/link-certificate.ts';
import { linkSecureContext, linkTlsOptions } from '../../src/link/link-tls.ts';
import { waitFor, within } from '@fog/testkit';
import type { MixMetrics } from '../../src/ports.ts';

/** A consensus that tests change by hand. */
export class TestDirectory implements LinkDirectory {
  readonly relays = new Map<string, { key: Uint8Array; addresses: readonly RelayAddress[] }>();
  readonly #listeners = new Set<() => void>();

  isLinkKey(key: Uint8Array): boolean {
    return [...this.relays.keys()].some((relay) => this.isLinkKeyOf(relay, key));
  }

  isLinkKeyOf(relay: string, key: Uint8Array): boolean {
    const known = this.relays.get(relay)?.key;
    return known !== undefined && Buffer.from(known).equals(key);
  }

  addressesOf(relay: string): readonly RelayAddress[] {
    return this.relays.get(relay)?.addresses ?? [];
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  change(): void {
    for (const listener of this.#listeners) listener();
  }
}

export class TestMetrics implements MixMetrics {
  readonly counts = new Map<string, number>();

  count(name: string, labels: Readonly<Record<string, string>> = {}, by = 1): void {
    const key = `${name} ${Object.values(labels).join(' ')}`.trim();
    this.counts.set(key, (this.counts.get(key) ?? 0) + by);
  }

  gauge(name: string, value: number, labels: Readonly<Record<string, string>> = {}): void {
    this.counts.set(`${name} ${Object.values(labels).join(' ')}`.trim(), value);
  }

  observe(): void {}
}

export class TestLogger implements Logger {
  readonly lines: string[] = [];

  debug(message: string, fields?: LogFields): void {
    this.lines.push(`${message} ${JSON.stringify(fields ?? {})}`);
  }
  info(message: string, fields?: LogFields): void {
    this.debug(message, fields);
  }
  warn(message: string, fields?: LogFields): void {
    this.debug(message, fields);
  }
  error(message: string, fields?: LogFields): void {
    this.debug(message, fields);
  }
  child(): Logger {
    return this;
  }
}

export interface TestRelay {
  readonly id: string;
  readonly links: RelayLinks;
  readonly metrics: TestMetrics;
  readonly logger: TestLogger;
  /** First bytes of the packets that came, by peer. */
  readonly got: { readonly from: string; readonly first: number }[];
}

export interface TestRelayOptions {
  readonly clock?: Clock;
  readonly limits?: Partial<LinkLimits>;
  readonly features?: readonly string[];
  readonly onClient?: RelayLinksDeps['onClient'];
  /** Seed byte of the link key; the relay's number when not given. */
  readonly keySeed?: number;
  /** False leaves it out of the consensus. */
  readonly known?: boolean;
  readonly port?: number;
}

export function seed(byte: number): Uint8Array {
  return new Uint8Array(32).fill(byte);
}

export function testIdentity(byte: number): Identity {
  return identityFromSeed(seed(byte));
}

export function packetOf(byte: number): Uint8Array {
  return new Uint8Array(PACKET_BYTES).fill(byte);
}

/** Relays with real sockets on this machine, in one hand-made consensus. */
export class LinkWorld implements AsyncDisposable {
  readonly directory = new TestDirectory();
  readonly #relays: RelayLinks[] = [];
  readonly #rogues: Server[] = [];

  async relay(number: number, options: TestRelayOptions = {}): Promise<TestRelay> {
    const id = `relay-${number}`;
    const metrics = new TestMetrics();
    const logger = new TestLogger();
    const got: TestRelay['got'] = [];
    const links = createRelayLinks(
      {
        relay: id,
        host: '127.0.0.1',
        port: options.port ?? 0,
        linkSeed: seed(options.keySeed ?? number),
        ...(options.features && { features: options.features }),
        ...(options.limits && { limits: options.limits }),
      },
      {
        directory: this.directory,
        clock: options.clock ?? systemClock,
        logger,
        metrics,
        onRelayPackets: (link, bytes, offset, count) => {
          for (let unit = 0; unit < count; unit += 1) {
            got.push({ from: link.peer, first: bytes[offset + unit * PACKET_BYTES] ?? -1 });
          }
        },
        ...(options.onClient && { onClient: options.onClient }),
      },
    );
    this.#relays.push(links);
    await links.start(AbortSignal.timeout(10_000));
    if (options.known !== false) {
      const addresses = [{ host: '127.0.0.1', port: links.port }];
      this.directory.relays.set(id, { key: testIdentity(number).publicKey, addresses });
    }
    return { id, links, metrics, logger, got };
  }

  /** A relay of the consensus that does after the TLS handshake what the test likes. */
  async rogue(number: number, talk: (socket: TLSSocket) => void): Promise<void> {
    const options = linkTlsOptions(createLinkCertificate(seed(number)));
    const server = createServer(options, (socket) => {
      socket.on('error', () => {});
      socket.resume();
      talk(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    this.#rogues.push(server);
    const { port } = server.address() as AddressInfo;
    const addresses = [{ host: '127.0.0.1', port }];
    this.directory.relays.set(`relay-${number}`, {
      key: testIdentity(number).publicKey,
      addresses,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#rogues) server.close();
    await Promise.all(this.#relays.map((links) => links.stop()));
  }
}

/** A clock that is wrong by so much but runs with the machine's. */
export function skewedClock(offsetMs: number): Clock {
  return { ...systemClock, now: () => systemClock.now() + offsetMs };
}

export interface RawPeer extends AsyncDisposable {
  readonly socket: TLSSocket;
  readonly closed: Promise<unknown>;
  /** All that came so far. */
  received(): Buffer;
}

/** A peer that speaks TLS as a link does and then whatever the test likes; without a seed it shows no certificate. */
export async function rawPeer(port: number, keySeed?: number): Promise<RawPeer> {
  const certificate = keySeed === undefined ? undefined : createLinkCertificate(seed(keySeed));
  const socket = connect({
    port,
    host: '127.0.0.1',
    secureContext: linkSecureContext(certificate),
    rejectUnauthorized: false,
  });
  const chunks: Buffer[] = [];
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => {});
  await within('TLS', once(socket, 'secureConnect'), 10_000);
  return {
    socket,
    closed,
    received: () => Buffer.concat(chunks),
    [Symbol.asyncDispose]: async () => {
      socket.destroy();
      await closed;
    },
  };
}

export async function answerOf(peer: RawPeer): Promise<Answer> {
  await waitFor('an answer', () => peer.received().length >= HELLO_BYTES);
  const answer = decodeAnswer(peer.received().subarray(0, HELLO_BYTES));
  assert.ok(answer);
  return answer;
}

export function relayHello(relay: string, change: Partial<Hello> = {}): Uint8Array {
  const time = helloTime(systemClock.now());
  return encodeHello({ protocol: LINK_PROTOCOL, features: [], time, relay, ...change });
}
