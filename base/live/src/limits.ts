/** One message: the view of a node with all of its labels, several times over. */
export const MAX_MESSAGE_BYTES = 64 * 1024;
/** Messages of one event-loop turn that travel together; more travel in turn. */
export const MAX_BATCH_BYTES = 1024 * 1024;
/** Messages that wait for the server; beyond it new ones are dropped and counted. */
export const MAX_PENDING_BYTES = 8 * 1024 * 1024;
/** Things counted at once; beyond it the oldest window is forgotten. An attacker has many addresses. */
export const MAX_COUNTERS = 10_000;
/** Members of one group that are listed: as many as a client remembers addresses, several times over. */
export const MAX_MEMBERS = 64;
/** A member that has not been heard of for so long is gone: three announcements may be late. */
export const PRESENCE_TTL_MS = 15_000;
/** A server in the same data centre answers in a millisecond; one that takes so long is as good as down. */
export const COMMAND_TIMEOUT_MS = 2_000;
/** How often a quiet connection is asked whether it still is one. */
export const PROBE_MS = 2_000;
/** Between two attempts to reach a server that is down. */
export const RECONNECT_MS = 1_000;
