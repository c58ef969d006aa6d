/**
 * The links of the mixnet, as relays, gateways and clients see them. TLS 1.3 with pinned Ed25519 keys; then
 * bare packets between relays and frames of one size between a client and its gateway. See `handshake.ts`
 * for what is exchanged first.
 */
import type { Identity, RandomFill } from '@fog/crypto';
import type { Clock, Logger } from '@fog/kernel';
import type { RelayAddress } from '../directory/documents.ts';
import type { MixMetrics } from '../ports.ts';

/** What links ask of the consensus; `createLinkDirectory(directory)` makes it. */
export interface LinkDirectory {
  /** Whether the current or the previous consensus names this key for any relay: asked before a byte is read. */
  isLinkKey(key: Uint8Array): boolean;
  /** Whether the current or the previous consensus names this key for the relay. */
  isLinkKeyOf(relay: string, key: Uint8Array): boolean;
  /** Where the relay listens; empty when no consensus names it. */
  addressesOf(relay: string): readonly RelayAddress[];
  /** Called after each new consensus; returns the end of it. */
  onChange(listener: () => void): () => void;
}

/** Why a peer is not let in. Sent to the peer, counted, logged. */
export const LINK_REFUSALS = [
  'unknown-key',
  'malformed',
  'protocol',
  'clock-skew',
  'bad-proof',
  'no-clients',
  'full',
] as const;
export type LinkRefusal = (typeof LINK_REFUSALS)[number];

/** Why an established link ended. */
export type LinkEnd =
  | 'peer'
  | 'error'
  | 'idle'
  | 'stalled'
  | 'flood'
  | 'bad-frame'
  | 'replaced'
  | 'not-in-consensus'
  | 'local';

/** An established link between two relays. */
export interface RelayLink {
  /** Id of the relay at the other end, proven by its link key. */
  readonly peer: string;
  /** True where the other end dialled. */
  readonly inbound: boolean;
  /** What both ends offer. */
  readonly features: readonly string[];
}

/**
 * `count` whole packets that follow each other in `bytes` from `offset` on. The buffer is the link's: copy
 * before returning. Called for packets within the link's rate only; excess is dropped and counted before.
 */
export type OnRelayPackets = (
  link: RelayLink,
  bytes: Buffer,
  offset: number,
  count: number,
) => void;

/** A frame's kind (`CLIENT_FRAME`) and its body of PACKET_BYTES, which is the link's: copy before returning. */
export type OnFrame = (kind: number, body: Uint8Array) => void;

export interface FrameHandlers {
  readonly onFrame: OnFrame;
  /** Called once, after which no frame comes. */
  readonly onEnd: (reason: LinkEnd) => void;
}

/** One end of an established link between a client and its gateway. */
export interface FrameLink {
  /** At the gateway: `identityId` of the client. At the client: id of the gateway. */
  readonly peer: string;
  readonly features: readonly string[];
  /** Frames that wait for the socket. */
  readonly queued: number;
  /**
   * Copies a body of at most PACKET_BYTES and fills the rest with random bytes. False when the frame was
   * dropped: the queue is full or the link has ended.
   */
  sendFrame(kind: number, body: Uint8Array): boolean;
  /** Ends the link at once; frames already taken still go out within a second where no reason is given. */
  close(reason?: LinkEnd): void;
}

/** At a gateway: one authenticated client. A new link of the same client has ended the older one before. */
export interface ClientLink extends FrameLink {
  /** Ed25519 key the client proved, 32 bytes. */
  readonly key: Uint8Array;
}

export type OnClient = (link: ClientLink) => FrameHandlers;

export interface RelayLinksOptions {
  /** This relay's id. */
  readonly relay: string;
  readonly host: string;
  /** 0 takes a free one; see `RelayLinks.port`. */
  readonly port: number;
  /** Seed of the Ed25519 link key, 32 bytes. */
  readonly linkSeed: Uint8Array;
  readonly features?: readonly string[];
  readonly limits?: Partial<LinkLimits>;
}

/** All have defaults in `limits.ts`, with their reasons. */
export interface LinkLimits {
  readonly maxRelayLinks: number;
  readonly maxClientLinks: number;
  /** Connections that have not finished their handshake. */
  readonly maxHalfOpen: number;
  /** New connections a second, and how many at once. */
  readonly acceptRate: number;
  readonly acceptBurst: number;
  /** Of clients and half-open peers; authenticated relays do not count. An IPv6 /64 is one address. */
  readonly maxLinksPerAddress: number;
  /** Packets a second one relay link may bring, and how many at once. */
  readonly relayRate: number;
  readonly relayBurst: number;
  /** Frames a second one client link may bring, and how many at once. */
  readonly clientRate: number;
  readonly clientBurst: number;
  readonly idleMs: number;
  readonly handshakeMs: number;
  /** Packets that wait for all relay links together. */
  readonly maxQueuedPackets: number;
}

export interface LinkDeps {
  readonly directory: LinkDirectory;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: MixMetrics;
  readonly random?: RandomFill;
}

export interface RelayLinksDeps extends LinkDeps {
  readonly onRelayPackets: OnRelayPackets;
  /** Where given, clients are let in: the relay is a gateway. */
  readonly onClient?: OnClient;
}

/** Plain numbers since the start, also reported as `fog_mixnet_link_*`. */
export interface LinkStats {
  readonly relayLinks: number;
  readonly clientLinks: number;
  readonly halfOpen: number;
  readonly packetsIn: number;
  /** Taken for sending; what of it a link lost as it ended is in `dropped`. */
  readonly packetsOut: number;
  /** Packets lost by reason: `queue`, `no-link`, `backoff`, `rate`, `truncated`. */
  readonly dropped: Readonly<Record<LinkDrop, number>>;
  readonly refused: Readonly<Record<LinkRefusal | 'timeout' | 'tls' | 'capped', number>>;
}

export type LinkDrop = 'queue' | 'no-link' | 'backoff' | 'rate' | 'truncated';

/** All links of one relay: its listening socket and the links it opens itself, both used in both directions. */
export interface RelayLinks {
  /** Listens; throws MIXNET_LINK_LISTEN. */
  start(signal: AbortSignal): Promise<void>;
  /** Ends all links and the listening socket. */
  stop(): Promise<void>;
  /** The port that is listened on; 0 before `start`. */
  readonly port: number;
  /** Ed25519 key of the certificate, for the descriptor. */
  readonly linkKey: Uint8Array;
  /**
   * Copies one packet (PACKET_BYTES, for instance a view of a slot; views of shared memory should be Buffers) to the relay's output queue, opening a link
   * when there is none. False when it was dropped and counted. Written once per turn of the event loop.
   */
  send(relay: string, packet: Uint8Array): boolean;
  stats(): LinkStats;
}

export interface GatewayContact {
  /** Relay id. */
  readonly id: string;
  /** By the consensus, 32 bytes. */
  readonly linkKey: Uint8Array;
  readonly addresses: readonly RelayAddress[];
}

export interface ConnectOptions {
  readonly gateway: GatewayContact;
  /** The client key that is proven to the gateway. */
  readonly identity: Identity;
  readonly features?: readonly string[];
  readonly signal: AbortSignal;
}

export interface ConnectDeps {
  readonly clock: Clock;
  readonly handlers: FrameHandlers;
  readonly random?: RandomFill;
}

/**
 * `connectToGateway(options, deps)`. Throws MIXNET_LINK_KEY, MIXNET_LINK_CLOCK, MIXNET_LINK_PROTOCOL,
 * MIXNET_LINK_REFUSED, MIXNET_LINK_UNREACHABLE, and the signal's reason.
 */
export type ConnectToGateway = (options: ConnectOptions, deps: ConnectDeps) => Promise<FrameLink>;
