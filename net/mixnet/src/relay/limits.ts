/** Limits of a relay, each with its reason. */
import type { RelayProfile } from './relay-ports.ts';

/** Packet memory grows by so many slots at once, 2.8 MB. */
export const SLOTS_PER_BLOCK = 1024;
/** Ceiling of packet memory of one process, 94 MB: a full queue and a full delay pool at 25,000 packets a second. */
export const MAX_SLOTS = 34 * SLOTS_PER_BLOCK;
/** The same of an embedded fog, 22 MB: its nine relays are never all full, and drop before that. */
export const EMBEDDED_MAX_SLOTS = 8 * SLOTS_PER_BLOCK;
/** Relays of one process: nine of a fog and as many again for tests and growth. */
export const MAX_LANES = 24;
/** Peel threads of one process; more never helped, and each costs about 10 MB. */
export const MAX_WORKERS = 32;
/** Packets a peel thread claims at once: 6 ms of work, so that the others find some too. */
export const MAX_BATCH = 128;
/** A peel thread shows its results each so many packets, so that a long batch delays no one by more than 0.4 ms. */
export const PUBLISH_EVERY = 8;
/** A peel thread that does not come up in this time never will. */
export const WORKER_START_MS = 20_000;
/** First pause before a peel thread that ended is started again; doubled each time. */
export const MIN_THREAD_PAUSE_MS = 100;
/** Where that doubling ends: a thread that cannot run costs little, and is back soon once it can. */
export const MAX_THREAD_PAUSE_MS = 10_000;
/** A thread that peeled for so long had started well: the pauses begin anew. */
export const STEADY_THREAD_MS = 20_000;

/** Share of an epoch for which the key of the last one is still taken, and that of the next one already: 3 of 20 minutes. */
export const WINDOW_OF_EPOCH: number = 3 / 20;

/** Bytes of the first replay-filter tags are spent when the first packet comes; each next segment has twice as many. */
export const FILTER = {
  /** False positives a key's filter may reach: each is a lost packet. */
  maxFalsePositives: 1e-5,
  standalone: { firstTags: 1_000_000, maxTags: 30_000_000 },
  /** 58 KB to begin with, so that nine idle relays cost little. */
  embedded: { firstTags: 16_384, maxTags: 4_000_000 },
} as const;

/** Packets that wait for a peel thread; more would add more than 0.4 s at full rate. */
export const QUEUE_LIMIT: Readonly<Record<RelayProfile, number>> = {
  embedded: 1000,
  standalone: 10_000,
};
/** Delayed packets a relay holds, as seconds at its declared rate. */
export const DELAY_POOL_SECONDS = 1;
/** A relay that declares almost nothing can still hold a client's burst. */
export const MIN_DELAY_POOL = 256;

/** No packet waits longer than so many times the mean of its class: the tail beyond is 1 in 22,000. */
export const DELAY_CAP_MEANS = 10;
/** Length of the timing wheel in ticks of 1 ms; longer delays go round again. */
export const WHEEL_TICKS = 16_384;

/** Loops a second in thousandths, where the consensus names none. */
export const LOOPS_MILLI: Readonly<Record<RelayProfile, number>> = {
  embedded: 200,
  standalone: 1000,
};
/** Loops under way at once: more than a minute of them is lost anyway. */
export const MAX_LOOPS = 1024;
/** A loop is lost when it is later than its longest delays by this much. */
export const LOOP_SLACK_MS = 10_000;
/** Neighbours whose loss is remembered, as many as a consensus can hold in practice. */
export const MAX_LOSS_PEERS = 4096;

/** Reveals of erased keys that a descriptor carries: two epochs are demanded, one more is for a late vote. */
export const MAX_REVEALS = 3;
/** A descriptor that no threshold of authorities took is sent again after this, doubled each time up to the second. */
export const PUBLISH_RETRY_MS = 1000;
/** Where the doubling of the wait between two uploads ends. */
export const PUBLISH_RETRY_MAX_MS = 60_000;
/** One upload to all authorities. */
export const PUBLISH_TIMEOUT_MS = 20_000;

/** Counters go to the metrics this often. */
export const METRICS_PERIOD_MS = 1000;
/** A packet through its own pipeline takes a millisecond; a relay that needs longer than this is stuck. */
export const SELF_CHECK_MS = 5000;
/** Key file of a clean stop: the filters of three full keys of a standalone relay. */
export const MAX_KEY_FILE_BYTES: number = 600 * 1024 * 1024;
