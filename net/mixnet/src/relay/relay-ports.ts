/** What a relay is made from, what is plugged into it, and what it shows. */
import type { Identity, RandomFill } from '@fog/crypto';
import type { Clock, Logger, Service } from '@fog/kernel';
import type { RelayAddress, RelayRole } from '../directory/documents.ts';
import type { OnClient } from '../link/link-ports.ts';
import type { MixNetwork } from '../network.ts';
import type {
  Deliveries,
  Directory,
  InjectPacket,
  MixMetrics,
  SendToRelay,
  SignDescriptor,
} from '../ports.ts';
import type { PeelPool } from './peel-pool.ts';

/** Sizes of queues, filters and covers: `embedded` is one of nine relays in one process. */
export type RelayProfile = 'embedded' | 'standalone';

export interface RelayOptions {
  readonly network: MixNetwork;
  /** Signs descriptors; `identity.id` is the relay's name. */
  readonly identity: Identity;
  /** Holds `link.key`, `vrf.key`, `relay.json` and, between a clean stop and the next start, `mix-keys.bin`; 0700. */
  readonly dataDir: string;
  readonly profile: RelayProfile;
  /** Where it listens; port 0 takes any free one. */
  readonly listen: RelayAddress;
  /** Where others reach it; the listening address when empty. */
  readonly addresses?: readonly RelayAddress[];
  readonly roles: readonly RelayRole[];
  readonly family: string;
  readonly region: string;
  readonly software: string;
  readonly features?: readonly string[];
  readonly stakeAccount?: string;
  /** Packets a second it offers. */
  readonly declaredRate: number;
}

export interface RelayDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: MixMetrics;
  readonly random: RandomFill;
  readonly directory: Directory;
  readonly signDescriptor: SignDescriptor;
  /** Shared by the relays of one process; whoever made it stops it after them. */
  readonly pool: PeelPool;
  readonly gateway?: RelayGateway;
}

/** What a gateway plugs into its relay. Relays without one count and drop what is delivered to them. */
export interface RelayGateway extends Deliveries {
  /** Called once, before the relay serves: how the gateway hands its clients' packets in. */
  attach(relay: RelayInside): void;
  /** Called for each client that proved its key; the gateway answers with what handles its frames. */
  readonly onClient: OnClient;
}

/** The relay, seen by the parts that live inside it (gateway, exit, hidden-service directory). */
export interface RelayInside {
  readonly id: string;
  readonly inject: InjectPacket;
  readonly send: SendToRelay;
}

export interface Relay extends Service, RelayInside {
  /** Where it listens; undefined before `start`. */
  readonly address: RelayAddress | undefined;
  /** Ed25519 key of its link certificate. */
  readonly linkKey: Uint8Array;
  status(): RelayStatus;
  /** Publishes a descriptor with a higher revision now, for instance after its roles changed. */
  republish(): void;
}

export interface RelayStatus {
  readonly id: string;
  readonly address: RelayAddress | undefined;
  readonly roles: readonly RelayRole[];
  readonly epoch: number;
  /** Key epochs it holds, and those whose packets it takes now. */
  readonly keyEpochs: readonly number[];
  readonly openEpochs: readonly number[];
  /** Descriptor that a threshold of authorities took; undefined before the first. */
  readonly published: { readonly epoch: number; readonly revision: number } | undefined;
  readonly queue: { readonly depth: number; readonly limit: number };
  readonly delayed: { readonly count: number; readonly limit: number };
  readonly filter: { readonly tags: number; readonly limit: number };
  readonly links: { readonly open: number };
  readonly packets: RelayCounters;
  readonly loss: readonly { readonly peer: string; readonly sent: number; readonly lost: number }[];
}

export interface RelayCounters {
  readonly received: number;
  readonly forwarded: number;
  readonly delivered: number;
  readonly cover: number;
  /** By reason; see `DROP_REASONS`. */
  readonly dropped: Readonly<Record<string, number>>;
}
