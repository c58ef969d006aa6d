/** Agents that have connected and not proven their key yet: each costs a socket and a timer. */
export const MAX_OPEN_HANDSHAKES = 256;
/** An agent answers the challenge at once; this leaves room for a slow link. */
export const HELLO_TIMEOUT_MS = 10_000;
/** Agents of one coordinator, as the registry is built for. */
export const MAX_AGENTS = 10_000;
/** Message units a second from one agent before it is slowed: far over what its slots can cause. */
export const AGENT_UNITS_PER_SECOND = 5_000;
/** Bytes that count as one further unit, so that large messages cost more than small ones. */
export const AGENT_UNIT_BYTES = 16 * 1024;
/** Unsent bytes to one agent: work for its whole credit fits; more means it does not read. */
export const MAX_AGENT_BACKLOG_BYTES = 32 * 1024 * 1024;
/** Time between pings; a socket that answered none of the last two periods' is half-open. */
export const PING_PERIOD_MS = 15_000;
/** Readers of live events at once. */
export const MAX_EVENT_CLIENTS = 1_000;
/** A request on the events socket: a topic or a job id. */
export const MAX_EVENT_REQUEST_BYTES = 1_024;
/** Jobs one events socket may follow. */
export const MAX_FOLLOWED_JOBS = 64;
/** Requests one events socket may make: each topic and job once, and some of them again. */
export const MAX_EVENT_REQUESTS = 256;
/** Unsent bytes to one events client before messages are dropped. */
export const MAX_EVENT_BACKLOG_BYTES = 256 * 1024;
