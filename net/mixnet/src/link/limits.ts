/** Limits of links, each beside its reason. Those of `LINK_LIMITS` may be set per relay. */
import type { LinkLimits } from './link-ports.ts';

export const LINK_LIMITS: LinkLimits = {
  /** More relays than one consensus draws; each idle link costs about 100 KiB. */
  maxRelayLinks: 512,
  /** At 20 frames a second each, as many as one core can pad and seal. */
  maxClientLinks: 1024,
  /** A TLS handshake in progress costs up to about 150 KiB: 64 of them stay below 10 MiB. */
  maxHalfOpen: 64,
  /** A handshake costs about 2 ms: a flood of them leaves nine tenths of the thread to open links. */
  acceptRate: 50,
  /** All relays of a large fog, after this one was restarted. */
  acceptBurst: 300,
  /** A household, a classroom, or all parts of one fog on one machine share an address. */
  maxLinksPerAddress: 64,
  /** Above what one main thread can take in, so only a flood meets it. */
  relayRate: 60_000,
  /** One queue of the pipeline. */
  relayBurst: 10_000,
  /** Twice what a client sends; the gateway's own bucket counts packets, this one all frames. */
  clientRate: 1000,
  /** Several messages of the largest size at once. */
  clientBurst: 2048,
  /** Relays send loops all the time and clients padding: five silent minutes are a dead peer. */
  idleMs: 5 * 60_000,
  /** A TCP and TLS handshake over a bad line takes 3 s. */
  handshakeMs: 10_000,
  /** Of all links of one relay together: about 43 MB. */
  maxQueuedPackets: 16_384,
};

/** Packets that wait for one relay link: 5.4 MB, about 70 ms at the full rate of a relay. */
export const RELAY_QUEUE = 2048;
/** Packets that wait while a link is being opened. */
export const DIAL_QUEUE = 256;
/** Frames that wait for one client link, 2.7 MB: a message of the largest size, and answers beside it. */
export const CLIENT_QUEUE = 1024;

/** Clocks may differ by this much: less than the 3 minutes two mix keys overlap. */
export const MAX_SKEW_MS = 2 * 60_000;

/** A write that the peer has not taken for this long: it is gone, or too slow to be of use. */
export const STALL_MS = 60_000;
/** Silence after which the system asks whether the peer is there; ten questions a second apart follow. */
export const KEEP_ALIVE_MS = 15_000;
/** What a peer gets to read the last bytes and hang up. */
export const LINGER_MS = 1000;
/** Refusals written to the log: a flood of peers must not become a flood of lines. */
export const LOG_RATE = 1;
export const LOG_BURST = 20;
/** How often links are looked over for idleness, stalls and buffers to give back. */
export const SWEEP_MS = 1000;

/** One size for every hello and answer, so that their length tells nothing. */
export const HELLO_BYTES = 512;
/** So many of the longest features fit a hello beside key and proof. */
export const MAX_FEATURES = 8;
/** A word or two. */
export const MAX_FEATURE_CHARS = 32;

/** First pause before a relay is dialled again; doubled each time. */
export const RETRY_FIRST_MS = 250;
/** Longest pause: a relay that comes back is found within half a minute. */
export const RETRY_MAX_MS = 30_000;
/** A link that ends sooner counts as a failed attempt. */
export const STEADY_MS = 10_000;
/** Of one relay, tried in order. */
export const MAX_ADDRESSES = 3;

/** A new output buffer has room for so many units and doubles from there. */
export const FIRST_UNITS = 4;
