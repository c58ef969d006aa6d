/** After a start, when what waited for the fog has been served. */
export const FIRST_ROUND_MS = 5_000;
/** Between the end of a round and the next: what is due an hour later is early enough. */
export const ROUND_PAUSE_MS = 3_600_000;
/** Between two steps of a round: the fog has all the time but a few milliseconds of each. */
export const STEP_PAUSE_MS = 50;
/** Rows that one step removes: a few milliseconds of SQLite, which holds up everything else. */
export const STEP_ROWS = 500;
/** Jobs looked at in one query. */
export const PAGE_JOBS = 200;
/** Time content is unused before its bytes go: far longer than an upload that began before may take. */
export const UNUSED_BLOB_MS = 86_400_000;
