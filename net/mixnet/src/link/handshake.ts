/**
 * What happens on a TLS connection before the first packet. The end that listens compares a relay's certificate
 * key with the consensus before it reads a byte, and the end that dials before it writes one. Then one hello,
 * one answer (`hello.ts`). A client proves its key by a signature over the exporter of this very session, which
 * no other session has: a gateway cannot use the proof at another one.
 */
import type { TLSSocket } from 'node:tls';
import { type Identity, identityId, signBytes, verifyBytes } from '@fog/crypto';
import { type Clock, formatDuration } from '@fog/kernel';
import {
  commonFeatures,
  decodeAnswer,
  decodeHello,
  encodeAnswer,
  encodeHello,
  type Hello,
  helloTime,
  LINK_PROTOCOL,
  speaksProtocol,
} from './hello.ts';
import { HELLO_BYTES, MAX_SKEW_MS } from './limits.ts';
import type { LinkDirectory, LinkRefusal } from './link-ports.ts';
import { peerLinkKey, sessionBinding } from './link-tls.ts';

const CLIENT_PROOF = 'fog-mix-client-link/1';
const NO_BYTES = Buffer.alloc(0);

export type LinkPeer =
  | { readonly role: 'relay'; readonly id: string; readonly key: Uint8Array }
  | { readonly role: 'client'; readonly id: string; readonly key: Uint8Array };

export interface AcceptOptions {
  readonly directory: LinkDirectory;
  readonly clock: Clock;
  readonly features: readonly string[];
  /** A reason to turn the authenticated peer away. */
  readonly admit: (peer: LinkPeer) => LinkRefusal | undefined;
}

export type Accepted =
  | {
      readonly ok: true;
      readonly peer: LinkPeer;
      readonly features: readonly string[];
      readonly early: Buffer;
    }
  | { readonly ok: false; readonly refusal: LinkRefusal | 'closed'; readonly text: string };

/** The end that listens. A refused peer has been told why, and its socket is half closed. */
export async function acceptHandshake(
  socket: TLSSocket,
  options: AcceptOptions,
): Promise<Accepted> {
  const certificate = socket.getPeerX509Certificate();
  const key = peerLinkKey(socket);
  if (certificate !== undefined && (key === undefined || !options.directory.isLinkKey(key))) {
    return refuse(socket, options, 'unknown-key');
  }
  const received = await readExactly(socket, HELLO_BYTES);
  if (received === undefined) return closed();
  const hello = decodeHello(received.head);
  if (hello === undefined) return refuse(socket, options, 'malformed');
  if (!speaksProtocol(hello.protocol)) return refuse(socket, options, 'protocol', hello);
  const skewMs = hello.time - options.clock.now();
  if (Math.abs(skewMs) > MAX_SKEW_MS) return refuse(socket, options, 'clock-skew', hello);
  const peer = provenPeer(socket, hello, { key, directory: options.directory });
  if (typeof peer === 'string') return refuse(socket, options, peer);
  const turnedAway = options.admit(peer);
  if (turnedAway !== undefined) return refuse(socket, options, turnedAway);
  socket.write(answerBytes(options, 'ok'));
  const features = commonFeatures(options.features, hello.features);
  return { ok: true, peer, features, early: received.early };
}

function provenPeer(
  socket: TLSSocket,
  hello: Hello,
  { key, directory }: { readonly key: Uint8Array | undefined; readonly directory: LinkDirectory },
): LinkPeer | LinkRefusal {
  if (key !== undefined) {
    if (hello.relay === undefined) return 'malformed';
    if (!directory.isLinkKeyOf(hello.relay, key)) return 'unknown-key';
    return { role: 'relay', id: hello.relay, key };
  }
  if (hello.client === undefined) return 'unknown-key';
  const signed = { bytes: sessionBinding(socket), signature: hello.client.proof };
  if (!verifyBytes(hello.client.key, CLIENT_PROOF, signed)) return 'bad-proof';
  return { role: 'client', id: identityId(hello.client.key), key: hello.client.key };
}

function refuse(
  socket: TLSSocket,
  options: AcceptOptions,
  refusal: LinkRefusal,
  hello?: Hello,
): Accepted {
  socket.end(answerBytes(options, refusal));
  return { ok: false, refusal, text: refusalText(refusal, options.clock, hello) };
}

function answerBytes({ clock, features }: AcceptOptions, verdict: 'ok' | LinkRefusal): Uint8Array {
  const time = helloTime(clock.now());
  return encodeAnswer({ protocol: LINK_PROTOCOL, features, time, verdict });
}

function refusalText(refusal: LinkRefusal, clock: Clock, hello: Hello | undefined): string {
  if (refusal === 'clock-skew' && hello) return skewText(hello.time - clock.now());
  if (refusal === 'protocol' && hello) return protocolText(hello.protocol);
  return REFUSAL_TEXTS[refusal];
}

export type DialFailure =
  | 'unreachable'
  | 'timeout'
  | 'wrong-key'
  | 'closed'
  | 'malformed'
  | 'protocol'
  | 'clock-skew'
  | 'refused';

export type Dialled =
  | {
      readonly ok: true;
      readonly socket: TLSSocket;
      readonly key: Uint8Array;
      readonly features: readonly string[];
      readonly early: Buffer;
    }
  | { readonly ok: false; readonly failure: DialFailure; readonly text: string };

export interface DialHandshakeOptions {
  readonly clock: Clock;
  readonly features: readonly string[];
  /** Who dials: a relay by its id and certificate, or a client by its key. */
  readonly self: { readonly relay: string } | { readonly client: Identity };
  readonly isLinkKey: (key: Uint8Array) => boolean;
}

/** The end that dials, once TLS is up. A failed socket has been destroyed. */
export async function dialHandshake(
  socket: TLSSocket,
  options: DialHandshakeOptions,
): Promise<Dialled> {
  const key = peerLinkKey(socket);
  if (key === undefined || !options.isLinkKey(key)) return failed(socket, 'wrong-key');
  const sentMs = options.clock.now();
  socket.write(encodeHello(ownHello(socket, options)));
  const received = await readExactly(socket, HELLO_BYTES);
  if (received === undefined) return failed(socket, 'closed');
  const answer = decodeAnswer(received.head);
  if (answer === undefined) return failed(socket, 'malformed');
  if (!speaksProtocol(answer.protocol)) {
    return failed(socket, 'protocol', protocolText(answer.protocol));
  }
  const skewMs = answer.time - (sentMs + options.clock.now()) / 2;
  if (answer.verdict === 'clock-skew' || Math.abs(skewMs) > MAX_SKEW_MS) {
    return failed(socket, 'clock-skew', skewText(skewMs));
  }
  if (answer.verdict !== 'ok') return failed(socket, 'refused', REFUSAL_TEXTS[answer.verdict]);
  const features = commonFeatures(options.features, answer.features);
  return { ok: true, socket, key, features, early: received.early };
}

function ownHello(socket: TLSSocket, { clock, features, self }: DialHandshakeOptions): Hello {
  const opening = { protocol: LINK_PROTOCOL, features, time: helloTime(clock.now()) };
  if ('relay' in self) return { ...opening, relay: self.relay };
  const proof = signBytes(self.client, CLIENT_PROOF, sessionBinding(socket));
  return { ...opening, client: { key: self.client.publicKey, proof } };
}

export function failed(socket: TLSSocket, failure: DialFailure, text?: string): Dialled {
  socket.destroy();
  return { ok: false, failure, text: text ?? FAILURE_TEXTS[failure] };
}

/** The first bytes and what came with them; undefined when the peer hung up before. Leaves the socket paused. */
async function readExactly(
  socket: TLSSocket,
  count: number,
): Promise<{ readonly head: Buffer; readonly early: Buffer } | undefined> {
  let got: Buffer = NO_BYTES;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const onData = (chunk: Buffer): void => {
    got = got.length === 0 ? chunk : Buffer.concat([got, chunk]);
    if (got.length >= count) resolve(true);
  };
  const onEnd = (): void => resolve(false);
  socket.on('data', onData).on('end', onEnd).on('close', onEnd);
  if (socket.destroyed) resolve(false);
  const whole = await promise;
  socket.off('data', onData).off('end', onEnd).off('close', onEnd);
  if (!whole) return undefined;
  socket.pause();
  return { head: got.subarray(0, count), early: got.subarray(count) };
}

function closed(): Accepted {
  return { ok: false, refusal: 'closed', text: FAILURE_TEXTS.closed };
}

/** `skewMs` is how far the other clock is ahead. */
function skewText(skewMs: number): string {
  const side = skewMs > 0 ? 'ahead of' : 'behind';
  return (
    `its clock is ${formatDuration(Math.abs(skewMs))} ${side} this machine's, and ` +
    `${formatDuration(MAX_SKEW_MS)} is the most allowed. Set the clocks of both machines, for instance by NTP.`
  );
}

function protocolText(theirs: string): string {
  const shown = JSON.stringify(theirs);
  return `it speaks ${shown} and this program ${LINK_PROTOCOL}. Bring the older of the two up to date.`;
}

const REFUSAL_TEXTS: Readonly<Record<LinkRefusal, string>> = {
  'unknown-key': 'the link key is not in the current or previous consensus.',
  malformed: 'the hello is malformed.',
  protocol: 'the protocol versions differ.',
  'clock-skew': 'the clocks differ too much.',
  'bad-proof': 'the client key was not proven for this connection.',
  'no-clients': 'the relay is no gateway and takes no clients.',
  full: 'it has as many links as it may have.',
};

const FAILURE_TEXTS: Readonly<Record<DialFailure, string>> = {
  unreachable: 'no connection could be made.',
  timeout: 'the handshake took too long.',
  'wrong-key':
    'it shows another link key than the consensus names: somebody else may be answering there.',
  closed: 'it hung up during the handshake.',
  malformed: 'its answer is malformed.',
  protocol: 'the protocol versions differ.',
  'clock-skew': 'the clocks differ too much.',
  refused: 'it refuses the link.',
};
