/** Bounds of the delay audit, each with its reason. */

/** The class whose delays are audited: long enough that a network's jitter does not hide a skipped one. */
export const AUDIT_CLASS = 3;
/** A loop of home, one other relay, home. */
export const AUDIT_HOPS = 3;
/** Mean time between two loops: at nine relays, 200 loops of each within a day. */
export const AUDIT_PERIOD_MS = 30_000;
/** A loop that is home sooner than it was owed by more than this was let go early; clocks and ticks are finer. */
export const SHORT_MARGIN_MS = 2;
/** "Too long" is only said from so many loops on: below, one bad hour of the network decides. */
export const MIN_LOOPS_FOR_LONG = 200;
/** And only where the median is beyond twice the other hops' by this. */
export const LONG_MARGIN_MS = 20;
/** Excess times kept of a hop, the newest: its median needs no more. */
export const MAX_EXCESSES = 400;
/** Loops waiting for a reveal: with one each 30 s, those of half a day. */
export const MAX_OPEN_LOOPS = 1_500;
/** A relay that has not revealed so many epochs later never will; its loops are counted as unrevealed. */
export const MAX_REVEAL_EPOCHS = 8;
/** Relays with results: more than a network has; those not heard of longest are forgotten. */
export const MAX_AUDITED_RELAYS = 4_096;
/** Shared random values kept, one of an epoch each. */
export const MAX_VALUES = 16;
/** How often the records are written, and after each reveal. */
export const SAVE_PERIOD_MS = 60_000;
/** What MAX_OPEN_LOOPS and MAX_AUDITED_RELAYS can come to; a larger file is not ours. */
export const MAX_AUDIT_FILE_BYTES: number = 64 * 1024 * 1024;
/** Neighbours that must have measured a relay's loss: one alone could frame it. */
export const MIN_REPORTERS = 2;
/** Loss beyond the usual from which on a relay is bad; what is beside a bad relay loses some of its loops too. */
export const MAX_EXCESS_LOSS_PPM = 100_000;
/** Where half of all loops are lost over the usual relay, the network is down and not one of its relays bad. */
export const MAX_USUAL_LOSS_PPM = 500_000;
/** Of a reveal that does not verify, and of packets let go early: no state of the network explains them. */
export const PROVEN_WEIGHT = 5;
