/** Bounds of the client, each with its reason. */

/** Relays tried for one path before its rules count as unsatisfiable: a search must end. */
export const MAX_PATH_STEPS = 20_000;
/** Sticky entry gateways: few, so that few operators ever see when this client is online. */
export const MAX_GUARDS = 3;
/** Guards are kept for two to four weeks, drawn anew for each: a change of all at once would show. */
export const MIN_GUARD_AGE_MS: number = 14 * 24 * 3_600_000;
/** The longest of the two to four weeks a guard is kept. */
export const MAX_GUARD_AGE_MS: number = 28 * 24 * 3_600_000;
/** A guard that no consensus names for so long will not come back. */
export const MAX_GUARD_ABSENCE_MS: number = 3 * 24 * 3_600_000;
/** The guard file is a few hundred bytes: more is not ours. */
export const MAX_GUARD_FILE_BYTES = 16_384;
/** First pause before a gateway is tried again; doubled each time. */
export const MIN_RECONNECT_MS = 250;
/** Longest pause: a gateway that comes back is found within half a minute. */
export const MAX_RECONNECT_MS = 30_000;
/** A connection attempt that takes longer has failed: the next guard is tried. */
export const CONNECT_TIMEOUT_MS = 10_000;

/** SURB keys kept for answers not yet here, 257 bytes each: about 2 MB. */
export const MAX_PENDING_SURBS = 8_192;
/** Requests waiting for their answer at once; each may send packets again. */
export const MAX_OPEN_REQUESTS = 256;
/** Times a request is sent before it fails: with 10 % loss, one in 100,000 fails. */
export const MAX_ATTEMPTS = 5;
/** Added to every timer: sockets, queues and a busy machine. */
export const TIMER_SLACK_MS = 1_000;
/** Share of packets that come back before the timer runs out, where none is lost. */
export const TIMER_QUANTILE = 0.999;
/** An answer that comes within so many timers is late, and after that lost. */
export const LATE_TIMERS = 2;
/** Answers kept to be sent again while their asker may still ask for parts. */
export const MAX_HELD_ANSWERS = 64;
/** Bytes of all held answers together. */
export const MAX_HELD_ANSWER_BYTES: number = 16 * 1024 * 1024;
/** No asker retransmits for longer. */
export const MAX_HELD_ANSWER_MS = 120_000;
/** SURBs kept for one answer in the making: an answer uses as many fragments at most. */
export const MAX_SURBS_PER_ANSWER = 512;

/** SURBs of a standing pool for one key epoch: an answer of 24 KB needs no round more. */
export const POOL_HALF = 12;
/** Mean time between two packets of three SURBs: a pool is new every 80 s, used or not. */
export const POOL_REFILL_MS = 10_000;
/** Conversations of one client: their SURBs of two epochs, 774 each, fit MAX_PENDING_SURBS. */
export const MAX_CONVERSATIONS = 8;
/** Pools kept for peers, 14 KB each: under 1 MB. */
export const MAX_SURB_POOLS = 64;

/** Packets a second a client sends at most; below what a gateway lets through, so that it drops none. */
export const MAX_PACKETS_PER_SECOND = 400;
/** Packets at once: one message of the largest size. */
export const MAX_PACKET_BURST = 512;
/** Packets that wait for their turn: four messages of the largest size. */
export const MAX_WAITING_PACKETS = 2_048;
/** Cover goes on for so long after the last packet of its level, so that its end does not show the end of a talk. */
export const COVER_LINGER_MS = 600_000;

/** Failures of paths through a relay, without one success between, until other relays are preferred. */
export const MAX_RELAY_FAILURES = 2;
/** For how long: then it gets another chance. */
export const AVOID_RELAY_MS = 60_000;

/** A packet that found no gateway for so long is given up: its sender is told. */
export const MAX_LINK_WAIT_MS = 30_000;
/** Frames in the link's queue beyond which packets wait here, where they can still be given up. */
export const MAX_QUEUED_FRAMES = 128;
/** Packets made before others get the thread: about 5 ms. */
export const MAX_PACKETS_PER_TURN = 16;
/** Pause before a full queue or a missing link is looked at again. */
export const QUEUE_RETRY_MS = 50;
/** Confirmations are collected for so long: one frame for many items. */
export const TAKEN_DELAY_MS = 20;
/** An idle client sends padding within this, at a random time after half of it: gateways cut silent links after five minutes. */
export const MAX_SILENCE_MS = 120_000;
/** How often answers that did not come are given up. */
export const EXPIRE_PERIOD_MS = 250;
/** Of the ticks of a stream, one in so many confirms what arrived before any packet is sent. */
export const CONFIRM_TICKS = 16;
