/** What applications get: send bytes through the mixnet, ask and be answered, measure it. */
import type { Service } from '@fog/kernel';

/**
 * How much is given up for privacy: hops, delay class and cover.
 * `public` 1 hop class 0 · `private` 3 hops class 1 · `confidential` 3 hops class 2 with loops ·
 * `secret` 5 hops class 3 with a constant stream of real-or-loop packets.
 */
export const PRIVACY_LEVELS = ['public', 'private', 'confidential', 'secret'] as const;
export type PrivacyLevel = (typeof PRIVACY_LEVELS)[number];

/** A mailbox at a gateway, or a service of a relay. */
export interface MixAddress {
  readonly relay: string;
  /** 16 bytes in base32; of a mailbox the hash of its key. */
  readonly id: string;
  /** The mailbox' client key, 32 bytes in base32: messages are sealed for it. A service has none. */
  readonly key?: string;
}

export interface SendOptions {
  readonly level: PrivacyLevel;
  readonly hops?: number;
  readonly signal?: AbortSignal;
}

export interface PingHop {
  readonly relay: string;
  readonly delayClass: number;
}

export interface PingResult {
  readonly rttMs: number;
  readonly hops: readonly PingHop[];
}

/** Why something sent has no answer yet: the classes `fog mix ping` counts. */
export type LossClass = 'no-link' | 'lost' | 'late' | 'expired';

export interface ConversationOptions {
  readonly level: PrivacyLevel;
  readonly hops?: number;
  /** Called for each whole message the peer writes by itself. */
  readonly onMessage: (message: Uint8Array) => void;
}

/** The peer can write back at any time, and longer answers need no further round. */
export interface Conversation {
  send(message: Uint8Array, signal?: AbortSignal): Promise<void>;
  request(message: Uint8Array, signal?: AbortSignal): Promise<Uint8Array>;
  close(): void;
}

/** Sends bytes to whoever sent the message. */
export type WriteBack = (bytes: Uint8Array) => Promise<void>;

export interface MixClient extends Service {
  /** Where others reach this client; undefined until a gateway has accepted it. */
  readonly address: MixAddress | undefined;
  /** Resolves when the whole message was handed to the gateway. Throws MIXNET_TOO_FEW_RELAYS and the like. */
  send(destination: MixAddress, message: Uint8Array, options: SendOptions): Promise<void>;
  /** Sends with SURBs and waits for the answer, sending again with fresh ones after a randomised delay. */
  request(destination: MixAddress, message: Uint8Array, options: SendOptions): Promise<Uint8Array>;
  /** Keeps a standing pool of SURBs at the peer until it is closed. Throws MIXNET_BUSY and MIXNET_ADDRESS. */
  converse(destination: MixAddress, options: ConversationOptions): Conversation;
  /**
   * Called for each whole message; `answer` is there when the sender enclosed SURBs, and works once.
   * `write` is there in a conversation, and works as long as its pool has SURBs; throws MIXNET_ANSWER.
   */
  onMessage(
    listener: (
      message: Uint8Array,
      answer: WriteBack | undefined,
      write: WriteBack | undefined,
    ) => void,
  ): () => void;
  /** A loop of `hops` relays that comes home to this client. */
  ping(options: { hops: number; delayClass?: number; signal?: AbortSignal }): Promise<PingResult>;
}
