/** 10,000 agents, 1,000 readers of events and the calls of both; beyond it new connections are refused. */
export const MAX_CONNECTIONS = 12_000;
/** Longest silence on a connection: over the longest poll, and the pause of a slow upload. */
export const CONNECTION_SILENCE_MS = 300_000;
/** A leader that neither answers nor is replaced: well below the patience of clients, who then hear why. */
export const LEADER_SILENCE_MS = 15_000;
/** Request line and headers; ours are under 1 KiB. */
export const MAX_HEADER_BYTES = 16 * 1024;
/** Bodies of calls that are not a submit: none or a few fields. */
export const MAX_SMALL_BODY_BYTES = 64 * 1024;
/** Path parameters in their encoded form: a guest path of 1,024 characters, nine bytes each. */
export const MAX_PARAM_CHARS = 9 * 1024;
/** A UUID with a prefix; the key is stored with its job. */
export const MAX_IDEMPOTENCY_KEY_CHARS = 128;
/** Time a client has to read why its upload was refused before the connection is cut. */
export const LINGER_MS = 5_000;
/** Time for answers under way when the API stops. */
export const CLOSE_GRACE_MS = 1_000;
/** For a packet through seven relays of the slowest delay class, whose delays are cut at ten means. */
export const MAX_PING_WAIT_MS = 120_000;
/** An upload may take this long whatever its size: its source may be a person's pipe. */
export const UPLOAD_GRACE_MS = 900_000;
/** Beyond that it must have come at this rate, so that no connection is held by a trickle. */
export const UPLOAD_BYTES_PER_SECOND = 64 * 1024;
/** How often the rate is looked at. */
export const UPLOAD_CHECK_MS = 15_000;
