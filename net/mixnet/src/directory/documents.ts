/**
 * The signed objects of the directory, version 1. Each travels as canonical CBOR with Ed25519 signatures
 * (`signCanonical`, `openSigned` of @fog/crypto): verified over the received bytes, then decoded, and refused
 * when encoding it again gives other bytes. Integers only; times are milliseconds UTC.
 */

export const RELAY_ROLES = ['mix', 'gateway', 'exit', 'hsdir'] as const;
export type RelayRole = (typeof RELAY_ROLES)[number];

export const RELAY_FLAGS = [
  'Running',
  'Stable',
  'Fast',
  'Guard',
  'Gateway',
  'Exit',
  'HSDir',
] as const;
export type RelayFlag = (typeof RELAY_FLAGS)[number];

export interface RelayAddress {
  readonly host: string;
  readonly port: number;
}

export interface EpochKey {
  readonly epoch: number;
  /** X25519 public key, 32 bytes. */
  readonly key: Uint8Array;
}

/** What a relay's loops over one neighbour say: sent and none back is total loss, none sent is unknown. */
export interface LinkLoss {
  readonly peer: string;
  readonly sent: number;
  readonly lost: number;
}

/** Published after the mix key of `epoch` is erased, so that anyone may recompute the delays it owed. */
export interface VrfReveal {
  readonly epoch: number;
  /** VRF output, 64 bytes. */
  readonly output: Uint8Array;
  /** VRF proof, 80 bytes. */
  readonly proof: Uint8Array;
}

/** Signed by the relay's identity key. */
export interface RelayDescriptor {
  readonly kind: 'fog-relay/1';
  /** `identityId(identityKey)`. */
  readonly id: string;
  readonly identityKey: Uint8Array;
  /** First epoch of its mix keys. */
  readonly epoch: number;
  /** Grows when the relay publishes again for the same epoch, for instance after an unclean stop. */
  readonly revision: number;
  /** For epoch, epoch + 1, epoch + 2. */
  readonly mixKeys: readonly EpochKey[];
  /** Ed25519 key of its TLS certificate, 32 bytes. */
  readonly linkKey: Uint8Array;
  /** Fixed one epoch before the first shared random value it is used with. */
  readonly vrfKey: Uint8Array;
  readonly addresses: readonly RelayAddress[];
  readonly roles: readonly RelayRole[];
  /** Operator family and region are what the relay says of itself. */
  readonly family: string;
  readonly region: string;
  readonly software: string;
  readonly features: readonly string[];
  /** Packets per second. */
  readonly declaredRate: number;
  readonly measuredRate: number;
  readonly loss: readonly LinkLoss[];
  readonly reveals: readonly VrfReveal[];
  /** Empty while there is none. */
  readonly stakeAccount: string;
}

export interface PathPolicy {
  /** All relays are one operator's: no anonymity against it. Then the rules below do not apply. */
  readonly singleOperator: boolean;
  readonly distinctFamilies: boolean;
  readonly distinctSubnets: boolean;
  readonly distinctRegions: boolean;
}

export interface CoverRates {
  /** Loops a second a relay sends, in thousandths. */
  readonly relayLoopsMilli: number;
  /** Loops a second a client sends from level `confidential` up, in thousandths. */
  readonly clientLoopsMilli: number;
  /** Real-or-loop packets a second a client sends at level `secret`, in thousandths. */
  readonly clientPayloadMilli: number;
}

export interface ConsensusRelay {
  readonly descriptor: RelayDescriptor;
  readonly flags: readonly RelayFlag[];
  /** Medians of the authorities' figures, in parts per million: the only input of the lottery. */
  readonly reputationPpm: number;
  readonly performancePpm: number;
  readonly stakeCredits: number;
  /** Weight of the draw, in parts per million of one. */
  readonly weightPpm: number;
  /** Drawn (or always used, as a gateway, guard, exit or hidden-service directory). */
  readonly active: boolean;
}

export interface ConsensusAuthority {
  /** `identityId` of its key. */
  readonly id: string;
  readonly key: Uint8Array;
  /** Its vote and its VRF output are in this document. */
  readonly voted: boolean;
  /** Rounds in a row without its VRF output. */
  readonly absences: number;
  /** It signed two different votes for this round; the proof is kept by the others. */
  readonly equivocated: boolean;
}

/** Named by (epoch, revision): two documents with one name are evidence against their signers. */
export interface Consensus {
  readonly kind: 'fog-consensus/1';
  readonly network: string;
  readonly epoch: number;
  readonly revision: number;
  /** BLAKE2b-256 of the predecessor's document bytes; 32 zeros for the first. */
  readonly previous: Uint8Array;
  readonly epochMs: number;
  readonly validAfter: number;
  readonly validUntil: number;
  /** `geometryHash()` of @fog/sphinx. */
  readonly geometry: Uint8Array;
  /** Mean delay of each class, in microseconds. */
  readonly delayMeansMicros: readonly number[];
  readonly cover: CoverRates;
  readonly pathPolicy: PathPolicy;
  /** 32 bytes, of this epoch and of the one before. */
  readonly sharedRandom: Uint8Array;
  readonly previousSharedRandom: Uint8Array;
  /** Middle relays the lottery draws at most. */
  readonly maxActive: number;
  /** Good signatures a reader must find. */
  readonly threshold: number;
  readonly authorities: readonly ConsensusAuthority[];
  /** Sorted by relay id. */
  readonly relays: readonly ConsensusRelay[];
}

/** As served: the document's bytes and detached signatures over them. */
export interface SignedConsensus {
  readonly document: Uint8Array;
  readonly signatures: readonly { readonly authority: string; readonly signature: Uint8Array }[];
}

/** A consensus whose signatures, geometry and times were checked. */
export interface VerifiedConsensus {
  readonly consensus: Consensus;
  /** BLAKE2b-256 of the document bytes. */
  readonly hash: Uint8Array;
  readonly signers: readonly string[];
  readonly relays: ReadonlyMap<string, ConsensusRelay>;
}
