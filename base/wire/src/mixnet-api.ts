/** Shapes of the HTTP API under /api/v1/mixnet. Bytes are base64, times milliseconds UTC. */
import { z } from 'zod';

/** Seven slots in a packet header. */
export const MAX_MIX_HOPS = 7;
/** Delay classes of a packet, 0 to 4. */
export const MAX_MIX_DELAY_CLASS = 4;
export const MIX_LEVELS = ['public', 'private', 'confidential', 'secret'] as const;
export const MixLevel = z.enum(MIX_LEVELS);
export type MixLevel = z.infer<typeof MixLevel>;

/** What every answer says of a network whose relays are all one operator's. */
export const ONE_OPERATOR = 'one operator: no anonymity against it';

const RelayId = z.string();

export const MixRelay = z.strictObject({
  id: RelayId,
  roles: z.array(z.string()),
  flags: z.array(z.string()),
  /** Drawn by the lottery, or always used, as a gateway is. */
  active: z.boolean(),
  /** Weight of the draw, in parts per million. */
  weightPpm: z.int(),
  /** What the weight comes from, in parts per million: medians of what the authorities voted. */
  reputationPpm: z.int(),
  performancePpm: z.int(),
  address: z.string(),
  family: z.string(),
  region: z.string(),
});
export type MixRelay = z.infer<typeof MixRelay>;

export const MixAuthority = z.strictObject({
  id: RelayId,
  voted: z.boolean(),
  signed: z.boolean(),
  /** Rounds in a row without its random value. */
  absences: z.int(),
  equivocated: z.boolean(),
});
export type MixAuthority = z.infer<typeof MixAuthority>;

/** Counters of a relay of this fog. */
export const MixOwnRelay = z.strictObject({
  id: RelayId,
  name: z.string(),
  epoch: z.int(),
  received: z.int(),
  forwarded: z.int(),
  delivered: z.int(),
  cover: z.int(),
  /** By reason; only reasons that occurred. */
  dropped: z.record(z.string(), z.int()),
  links: z.int(),
  /** Present when its process has not told of itself for so long: then all this is old. */
  staleMs: z.int().optional(),
});
export type MixOwnRelay = z.infer<typeof MixOwnRelay>;

/** The consensus in use. */
export const MixRound = z.strictObject({
  epoch: z.int(),
  revision: z.int(),
  /** BLAKE2b-256 of the document, hexadecimal. */
  hash: z.string(),
  validAfter: z.int(),
  validUntil: z.int(),
  epochMs: z.int(),
  threshold: z.int(),
  /** Ids of authorities whose signature over the document is good. */
  signers: z.array(RelayId),
  maxActive: z.int(),
  /** Mean delay of each class in milliseconds. */
  delayMeansMs: z.array(z.number()),
});
export type MixRound = z.infer<typeof MixRound>;

export const MixStatus = z.strictObject({
  network: z.string(),
  time: z.int(),
  /** Absent before the first one. */
  consensus: MixRound.optional(),
  relays: z.array(MixRelay),
  authorities: z.array(MixAuthority),
  own: z.array(MixOwnRelay),
  /** Mailbox of this fog's own client, once a gateway has taken it. */
  address: z.string().optional(),
  /** What a user must know of this network, as `ONE_OPERATOR`. */
  notes: z.array(z.string()),
});
export type MixStatus = z.infer<typeof MixStatus>;

/** All that verifying takes, when the pinned keys are known from elsewhere. */
export const MixConsensus = z.strictObject({
  network: z.string(),
  threshold: z.int(),
  epochMs: z.int(),
  authorities: z.array(
    z.strictObject({ id: RelayId, key: z.base64(), vrfKey: z.base64(), url: z.string() }),
  ),
  document: z.base64(),
  signatures: z.array(z.strictObject({ authority: RelayId, signature: z.base64() })),
});
export type MixConsensus = z.infer<typeof MixConsensus>;

export const MixPingRequest = z.strictObject({
  hops: z.int().min(1).max(MAX_MIX_HOPS).default(3),
  delayClass: z.int().min(0).max(MAX_MIX_DELAY_CLASS).default(0),
});
export type MixPingRequest = z.input<typeof MixPingRequest>;
/** With the defaults filled in. */
export type MixPingCall = z.output<typeof MixPingRequest>;

export const MixHop = z.strictObject({ relay: RelayId, delayClass: z.int() });
export type MixHop = z.infer<typeof MixHop>;

export const MixPing = z.strictObject({ rttMs: z.number(), hops: z.array(MixHop) });
export type MixPing = z.infer<typeof MixPing>;

/** A minute shows what a mixnet does; whoever needs more asks again. */
export const MAX_MIX_BENCH_SECONDS = 60;
/** Half of what a gateway takes of one client, so that the other traffic of the fog goes on. */
export const MAX_MIX_BENCH_RATE = 200;

export const MixBenchRequest = z.strictObject({
  seconds: z.int().min(1).max(MAX_MIX_BENCH_SECONDS).default(5),
  /** Loops a second. */
  rate: z.int().min(1).max(MAX_MIX_BENCH_RATE).default(20),
  hops: z.int().min(1).max(MAX_MIX_HOPS).default(3),
  delayClass: z.int().min(0).max(MAX_MIX_DELAY_CLASS).default(0),
});
export type MixBenchRequest = z.input<typeof MixBenchRequest>;
/** With the defaults filled in. */
export type MixBenchCall = z.output<typeof MixBenchRequest>;

/** Loops of the fog's own client: what one sender sees of this mixnet, not what a relay can carry at most. */
export const MixBench = z.strictObject({
  seconds: z.int(),
  rate: z.int(),
  hops: z.int(),
  delayClass: z.int(),
  sent: z.int(),
  /** Never left the client: its queue was full, or it had no gateway. */
  unsent: z.int(),
  /** How much later than due one was sent, at most: more than some ms tell of a busy machine. */
  behindMs: z.number(),
  delivered: z.int(),
  /** Of the delivered, those a sender would have given up already. */
  late: z.int(),
  lost: z.int(),
  /** Of the delivered; absent when there are none. */
  rtt: z.strictObject({ p50Ms: z.number(), p99Ms: z.number(), meanMs: z.number() }).optional(),
  /** Delivered, from the first sent to the last that came home. */
  loopsPerSecond: z.number(),
  /** The same, times the relays each passed. */
  packetsPerSecond: z.number(),
  /** Delays that a loop owes in the mean, by the classes of the consensus. */
  owedMeanMs: z.number(),
  /** Of the fog, whose client sent the loops. */
  machine: z.strictObject({
    cpu: z.string(),
    cores: z.int(),
    loadAverage: z.number(),
    node: z.string(),
  }),
});
export type MixBench = z.infer<typeof MixBench>;

export const MixPathQuery = z.strictObject({ level: MixLevel.default('private') });
/** A path as the fog's client would draw it now; the next one is another. */
export const MixPath = z.strictObject({ level: MixLevel, hops: z.array(MixHop) });
export type MixPath = z.infer<typeof MixPath>;

export const MixAuditRelay = z.strictObject({
  relay: RelayId,
  /** Loops whose owed delay is known. */
  loops: z.int(),
  /** Of these, home sooner than owed. */
  short: z.int(),
  lost: z.int(),
  /** Loops of which the relay never said what it owed, and of which it said something it cannot prove. */
  unrevealed: z.int(),
  forged: z.int(),
  /** Means over the loops, absent before the first: the delay it owed, and the whole way home. */
  owedMeanMs: z.number().optional(),
  tookMeanMs: z.number().optional(),
  /** Time beyond what was owed, of the loops' median; absent before the first. */
  medianExcessMs: z.number().optional(),
  suspicions: z.array(z.enum(['short', 'long', 'forged'])),
});
export const MixAudit = z.strictObject({
  time: z.int(),
  /** Loops whose relay has not revealed yet: it does so two to three epochs later. */
  open: z.int(),
  epochMs: z.int(),
  relays: z.array(MixAuditRelay),
});
export type MixAudit = z.infer<typeof MixAudit>;

/** Told to readers of the topic `mixnet` for each new consensus. */
export const MixConsensusEvent = z.strictObject({
  network: z.string(),
  epoch: z.int(),
  revision: z.int(),
  hash: z.string(),
  signers: z.int(),
  relays: z.int(),
});
export type MixConsensusEvent = z.infer<typeof MixConsensusEvent>;
