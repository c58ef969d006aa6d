/** A part that is not up by then has hung; the slowest (a large store after a crash) needs seconds. */
export const START_TIMEOUT_MS = 30_000;
/** What has not ended by then is left behind, so that the whole always ends. */
export const STOP_DEADLINE_MS = 30_000;
/** Often enough for a person who watches, seldom enough to cost nothing. */
export const HEALTH_PERIOD_MS = 30_000;
/** What is degraded often mends in seconds, as a part that waits for another; it should be seen. */
export const DEGRADED_PERIOD_MS = 1_000;
/** A check that takes longer than this is a failed one. */
export const HEALTH_TIMEOUT_MS = 10_000;
/** Failed checks in a row until a service counts as down: one slow moment is no outage. */
export const DOWN_AFTER = 3;
/** Good checks in a row until it counts as up again. */
export const UP_AFTER = 2;
/** Starts after the first before a service has failed for good: waits of 2, 4 and 8 seconds. */
export const MAX_RESTARTS = 3;
/** First of those waits; each further one is twice as long. */
export const BACKOFF_BASE_MS = 2_000;
