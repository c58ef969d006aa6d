import { MAX_AGENT_FRAME_BYTES, MAX_PAGE, MAX_REQUEST_BYTES } from '@fog/wire';

/** A full page of the largest results, each of which came in one agent frame, and a whole spec. */
export const MAX_ANSWER_BYTES: number = MAX_PAGE * MAX_AGENT_FRAME_BYTES + MAX_REQUEST_BYTES;
/** Longest silence on a connection beyond the time the server was asked to wait. */
export const SILENCE_MS = 30_000;
/** Longest silence while a body is sent: its source may be a slow pipe, and the server must sync 1 GiB. */
export const UPLOAD_SILENCE_MS = 300_000;
/** Frames of the events socket: one live output chunk came in one agent frame. */
export const MAX_EVENT_FRAME_BYTES: number = 2 * MAX_AGENT_FRAME_BYTES;
/** First pause before a lost fog is called again; a restart is noticed at once. */
export const FIRST_RECONNECT_MS = 100;
/** Longest pause before a lost fog is called again: who waits for it waits no longer than that. */
export const LONGEST_RECONNECT_MS = 2_000;
/** Time for a person, or a service manager, to start the fog again. */
export const RECONNECT_PATIENCE_MS = 120_000;
/** Messages waiting for the reader of `follow` before the socket is paused. */
export const MAX_FOLLOW_QUEUE = 256;
