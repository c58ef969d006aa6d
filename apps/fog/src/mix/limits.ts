/** Of an embedded mixnet: the smallest number of authorities of which one may fail. */
export const AUTHORITIES = 3;
/** More authorities than any network has; each votes with each. */
export const MAX_AUTHORITIES = 16;
/** Seven hops with two to spare. */
export const RELAYS = 9;
/** Three guards for a client, and one that may fail. */
export const GATEWAYS = 4;
/** Where authorities and relays listen when these ports are free; else the next ones are taken. */
export const AUTHORITY_PORT = 7710;
export const RELAY_PORT = 7720;
/** Ports looked at from there on: several fogs fit on one machine. */
export const PORT_TRIES = 400;
/** Packets a second one embedded relay offers: nine share the cores with the work of the fog. */
export const EMBEDDED_RATE = 1_000;
/** Of a relay that runs alone, unless its configuration says otherwise. */
export const STANDALONE_RATE = 25_000;
/** A configuration file is a few hundred bytes. */
export const MAX_CONFIG_BYTES: number = 256 * 1024;

/** First pause before an ended role process is started again; doubled each time. */
export const MIN_RESPAWN_MS = 250;
/** Where the doubling of the wait before a new process ends. */
/** So that a role that cannot start costs little, and is back soon once it can. */
export const MAX_RESPAWN_MS = 10_000;
/** A role that ran for so long had started well: the pauses begin anew. */
export const STEADY_MS = 20_000;
/** For a role process to come up on a busy machine. */
export const ROLE_READY_MS = 25_000;
/** For a role process to end in good order; then it is killed. */
export const ROLE_STOP_MS = 8_000;
/** Between two looks at which loops of a benchmark are due: at 200 a second each finds one. */
export const BENCH_TICK_MS = 5;
/** How often the process of a role reports: its counters change once a second. */
export const REPORT_PERIOD_MS = 1_000;
/** A process that is silent for so long hangs, or the machine is overloaded: its figures are marked as old. */
export const REPORT_STALE_MS = 5_000;
/** Metrics in one report: those of a relay with all its drop reasons are about a hundred. */
export const MAX_REPORTED_METRICS = 1_000;
/** A label or the detail of a health in a report is one sentence at most. */
export const MAX_REPORTED_CHARS = 400;
/** Last words of a role process that are kept for the message about its end. */
export const KEPT_STDERR_CHARS = 2_000;
/** Cover of an embedded mixnet, packets a second in thousandths: nine relays share one machine. */
export const EMBEDDED_COVER = {
  relayLoopsMilli: 200,
  clientLoopsMilli: 1_000,
  clientPayloadMilli: 20_000,
} as const;
/** Reputations of relays older than this say nothing any more: the fog that kept them is gone. */
export const MAX_STANDING_AGE_MS: number = 24 * 60 * 60_000;
/** Of the file with them: a thousand relays are 40 KB. */
export const MAX_STANDING_BYTES: number = 256 * 1024;
/** An authority reads them again after this; one vote takes less. */
export const STANDING_READ_MS = 500;
