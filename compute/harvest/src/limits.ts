import { MAX_AGENT_FRAME_BYTES } from '@fog/wire';

/** Every bound of the agent, beside its reason; listed in docs/reference/limits.md. */

/** Tasks at once on one node, as the protocol allows. */
export const MAX_SLOTS = 1_024;
/** Name of a node, as the protocol allows. */
export const MAX_NAME_CHARS = 64;
/** A first `start` gives up after this: long enough for a coordinator that is just starting, short for a wrong URL. */
export const FIRST_ROUND_MS = 5_000;
/** From dialling to `welcome`; a silent peer must not hold an attempt for ever. */
export const HANDSHAKE_MS = 4_000;
/** First delay before dialling again; a restarted coordinator is found at once. */
export const BACKOFF_MIN_MS = 100;
/** Longest delay before dialling again; a fog that comes back has its workers within seconds. */
export const BACKOFF_MAX_MS = 5_000;
/** A session shorter than this counts as a failed attempt: no tight loop against a crashing coordinator. */
export const STABLE_SESSION_MS = 5_000;
/** Heartbeats without an answer after which the connection counts as dead. */
export const MAX_UNANSWERED_BEATS = 2;
/** For the peer's half of a closing handshake; then the socket is cut. */
export const CLOSE_MS = 1_000;
/** Ping of a health check. */
export const PING_MS = 2_000;
/** Whole `stop`: then what is left is cut off. */
export const STOP_MS = 3_000;
/** Part of `stop` given to sandboxes and their processes to end. */
export const STOP_RUNS_MS = 2_000;
/** Leases and unacknowledged results together; the protocol names no more in one heartbeat. */
export const MAX_HELD_TOKENS = 8_192;
/** Unacknowledged results in memory; above it no further task starts until the coordinator acknowledges. */
export const MAX_UNACKED_BYTES = 32 * 1024 * 1024;
/** Results in one frame, as the protocol allows. */
export const MAX_RESULTS_PER_FRAME = 1_024;
/** How often leases are compared with both clocks; short against a lease, dear only while leases are held. */
export const EXPIRY_CHECK_MS = 250;
/** How often phases and live output of running tasks are looked at. */
export const REPORT_TICK_MS = 15;
/** A phase shorter than this is not reported. */
export const PROGRESS_AFTER_MS = 20;
/** Live output is collected this long, so that a chatty program costs few frames. */
export const LIVE_COALESCE_MS = 30;
/** One live chunk, before base64. */
export const LIVE_CHUNK_BYTES = 32 * 1024;
/** Live output is dropped, not queued, while this much waits in the socket. */
export const LIVE_BACKLOG_BYTES = 1024 * 1024;
/** Output bytes of one task kept in memory and sent inline; base64 of it leaves room for names in one frame. */
export const INLINE_RESULT_BYTES = 128 * 1024;
/** One result as JSON: a frame less what stands around its only result, the signature included. */
export const MAX_RESULT_BYTES: number = MAX_AGENT_FRAME_BYTES - 192;
/** Message of a failure, as the protocol allows. */
export const MAX_MESSAGE_CHARS = 4_096;
/** Blobs kept on disk for later tasks. */
export const CACHE_BYTES = 2 * 1024 * 1024 * 1024;
/** Job specs kept in memory. */
export const MAX_CACHED_SPECS = 256;
/** Memory of kept job specs, by the size of their JSON. */
export const MAX_CACHED_SPEC_BYTES = 32 * 1024 * 1024;
/** Downloads or uploads at once for one task. */
export const TRANSFERS_PER_TASK = 4;
/** Sockets to the coordinator for blobs. */
export const MAX_HTTP_SOCKETS = 8;
/** A transfer without a byte for this long has failed. */
export const TRANSFER_STALL_MS = 30_000;
/** Tries of one transfer, with a growing pause between them. */
export const TRANSFER_TRIES = 3;
/** Pause before the second try; doubled before the third. */
export const TRANSFER_PAUSE_MS = 200;
/** Answers that carry an error or a receipt. */
export const MAX_ANSWER_BYTES = 64 * 1024;
/** Fogs remembered in one data dir; the oldest is forgotten. */
export const MAX_KNOWN_FOGS = 64;
/** The longest delay of a timer in Node; a longer one fires at once. */
export const LONGEST_TIMER_MS: number = 2 ** 31 - 1;
/** Status events for a person need no finer grain. */
export const STATUS_EVERY_MS = 100;
/** Finished results go to the disk when the coordinator has not taken them by then: the usual ones never do. */
export const SPOOL_AFTER_MS = 250;
/** Before the next try to write the spool on a disk that took nothing. */
export const SPOOL_AGAIN_MS = 10_000;
/** Results that wait longer on disk are dropped: no job waits for them any more. */
export const SPOOL_AGE_MS = 7 * 24 * 3_600_000;
/** Outputs that wait on disk; above it no further task starts until the coordinator takes some. */
export const MAX_SPOOL_BYTES = 2 * 1024 * 1024 * 1024;
/** Tasks whose outputs are uploaded at once: they share the sockets for blobs. */
export const DELIVERIES_AT_ONCE = 4;
/** Before outputs are sent again that the coordinator could not take. */
export const DELIVER_AGAIN_MS = 2_000;
/** Rounds of upload that may break off, each of several tries; waiting for a session is none. */
export const DELIVERY_ROUNDS = 5;
/** The measurement of a machine's speed: a machine that needs longer is too slow to say how slow. */
export const SPEED_TIMEOUT_MS = 10_000;
/** A result waits so long for others while work waits on the node: a fraction of what that work covers. */
export const LINGER_MS = 8;
/** Results that go out without waiting for more: the saving of a larger frame is small. */
export const FRAME_RESULTS = 32;
