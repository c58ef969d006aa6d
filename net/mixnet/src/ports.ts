/** What the parts of the mixnet ask of each other and of the process around them. */
import type { RelayDescriptor, VerifiedConsensus } from './directory/documents.ts';

/** The consensus client, as relays, gateways and mix clients see it. */
export interface Directory {
  /** The newest verified consensus that may still be used; undefined before the first. */
  current(): VerifiedConsensus | undefined;
  /** The one before it, whose link keys are still accepted. */
  previous(): VerifiedConsensus | undefined;
  /**
   * The consensus of the next epoch, there from its last phases on. Packets of that epoch may come before it
   * begins, and their delays are drawn from its value.
   */
  next?(): VerifiedConsensus | undefined;
  /** Resolves with the first usable consensus. */
  ready(signal: AbortSignal): Promise<VerifiedConsensus>;
  /** Called with each new consensus; returns the end of it. */
  onConsensus(listener: (consensus: VerifiedConsensus) => void): () => void;
  /** Uploads a signed descriptor to all authorities; resolves when a threshold took it. */
  publish(descriptor: Uint8Array, signal: AbortSignal): Promise<void>;
}

/** Makes the canonical signed bytes of a descriptor; the relay gives everything but the signature. */
export type SignDescriptor = (descriptor: RelayDescriptor) => Uint8Array;

/** Where packets go that end at this relay. All buffers are the receiver's to keep. */
export interface Deliveries {
  /** Plain delivery to a mailbox or service of this relay. */
  deliver(id: Uint8Array, payload: Uint8Array): void;
  /** A packet on a SURB: its payload is still under the layers its maker will take off. */
  reply(mailbox: Uint8Array, surbId: Uint8Array, payload: Uint8Array): void;
}

/** Hands a whole packet to the relay as if it had come from a link; false when the queue is full. */
export type InjectPacket = (packet: Uint8Array) => boolean;

/** Sends a whole packet to the named relay over its link; false when it was dropped. */
export type SendToRelay = (relay: string, packet: Uint8Array) => boolean;

/** Counters and histograms, filled by the process (prom-client) or by a test. */
export interface MixMetrics {
  count(name: string, labels?: Readonly<Record<string, string>>, by?: number): void;
  gauge(name: string, value: number, labels?: Readonly<Record<string, string>>): void;
  observe(name: string, value: number, labels?: Readonly<Record<string, string>>): void;
}
