/** A replica that came down is looked at again, and silence is noticed, this often. */
export const TICK_MS = 1_000;
/** Wait before a crashed replica starts again; doubles with each crash in a row. */
export const BACKOFF_BASE_MS = 1_000;
/** Longest wait: a service that was mended from outside is back within the minute. */
export const BACKOFF_MAX_MS = 60_000;
/** A replica of a new version, or one that crashed, counts once it was healthy for this long. */
export const PROVEN_MS = 5_000;
/** After so long in good health the crashes before are forgotten. */
export const STABLE_MS = 60_000;
/** Each is looked at every second and held in memory. */
export const MAX_DEPLOYMENTS = 100;
/** As many as a job may ask for: lost nodes are no fault of the replica. */
export const REPLICA_RETRIES = 20;
/** Crashes in a row that still change the wait. */
export const MAX_COUNTED_CRASHES = 7;
/** Characters of a failure kept for a replica's view. */
export const MAX_FAILURE_CHARS = 512;
/** Characters of a deployment id after its `d`: 60 bits. */
export const DEPLOYMENT_ID_CHARS = 12;
