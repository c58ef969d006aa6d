/** Bounds of a gateway, each with its reason. `GatewayLimits` overrides them. */

/** Clients one gateway serves: about as many sockets as a process may have open. */
export const MAX_MAILBOXES = 4_096;
/** Items of one mailbox: one message of the largest size, and answers beside it. */
export const MAX_MAILBOX_ITEMS = 1_024;
/** Payloads of all mailboxes together. */
export const MAX_MAILBOX_BYTES: number = 128 * 1024 * 1024;
/** An item nobody fetched within this is dropped: its sender has long retransmitted or given up. */
export const MAX_ITEM_AGE_MS: number = 60 * 60_000;
/** A mailbox whose client stays away for longer is closed. */
export const MAX_ABSENCE_MS: number = 24 * 60 * 60_000;
/** How often expired items and mailboxes are looked for. */
export const SWEEP_MS = 60_000;
/** Items on their way to a client that it has not confirmed: the link's queue stays short. */
export const MAX_UNCONFIRMED_ITEMS = 256;
/** Packets a second one client may send; a client keeps to 400. */
export const MAX_CLIENT_RATE = 500;
/** Packets at once: one message of the largest size, twice. */
export const MAX_CLIENT_BURST = 1_024;
/** Frames a second a client may ask to be padded to; level `secret` asks for 20. */
export const MAX_PACE_PER_SECOND = 100;
/** Pause before a full link is tried again. */
export const RETRY_MS = 50;

export interface GatewayLimits {
  readonly mailboxes: number;
  readonly mailboxItems: number;
  readonly mailboxBytes: number;
  readonly itemAgeMs: number;
  readonly absenceMs: number;
  readonly clientRate: number;
  readonly clientBurst: number;
}

export const DEFAULT_GATEWAY_LIMITS: GatewayLimits = {
  mailboxes: MAX_MAILBOXES,
  mailboxItems: MAX_MAILBOX_ITEMS,
  mailboxBytes: MAX_MAILBOX_BYTES,
  itemAgeMs: MAX_ITEM_AGE_MS,
  absenceMs: MAX_ABSENCE_MS,
  clientRate: MAX_CLIENT_RATE,
  clientBurst: MAX_CLIENT_BURST,
};
