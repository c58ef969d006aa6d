/** Checked credentials kept in memory: one lookup less a call for every client that is busy now. */
export const MAX_CACHED_CREDENTIALS = 1_000;
/** Long enough to walk to the other machine, short enough to be useless in a shell history. */
export const JOIN_CODE_LIFE_MS = 600_000;
/** Machines one join line can enrol. */
export const JOIN_CODE_USES = 10;
/** Ended codes are kept for a day, so that "expired" and "used up" can be told from "unknown". */
export const JOIN_CODE_MEMORY_MS = 86_400_000;
/** Wrong tokens of one address in a minute: a person mistypes three, a script that was not told of a new one tries more. */
export const MAX_FAILED_LOGINS = 20;
/** The minute in which they are counted, from the first. */
export const FAILED_LOGIN_WINDOW_MS = 60_000;
