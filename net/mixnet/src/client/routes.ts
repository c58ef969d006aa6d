/** Turns a path into a route: delay classes, and the mix key of the epoch in which a packet will be there. */
import type { RandomFill } from '@fog/crypto';
import type { RouteHop } from '@fog/sphinx';
import type { ConsensusRelay, EpochKey, VerifiedConsensus } from '../directory/documents.ts';
import { idBytes } from '../ids.ts';
import { epochAt, epochStart } from '../network.ts';
import { delayQuantileMs } from './erlang.ts';
import { TIMER_QUANTILE } from './limits.ts';
import { choosePath } from './paths.ts';

/** Relays take packets of an epoch for so long after its end: 3 of 20 minutes. */
export const OVERLAP_SHARE = 3 / 20;

export interface RouteRequest {
  readonly consensus: VerifiedConsensus;
  readonly purpose: string;
  readonly hops: number;
  readonly entry: string;
  readonly exit: string;
  readonly avoid: ReadonlySet<string>;
  /** When the packet sets out, milliseconds UTC. */
  readonly startMs: number;
  /** Delay class of the hop at this place. */
  readonly classAt: (index: number, hops: number) => number;
}

export interface PlannedRoute {
  readonly hops: readonly RouteHop[];
  readonly relays: readonly string[];
  readonly classes: readonly number[];
  /** When the packet is expected at the end of the route, milliseconds UTC. */
  readonly arrivalMs: number;
  /** Nearly all packets are through after this. */
  readonly quantileMs: number;
  /** Milliseconds UTC: from then on the first key of the route is gone. */
  readonly expiresMs: number;
}

/** Throws what `choosePath` throws. */
export function planRoute(request: RouteRequest, random: RandomFill): PlannedRoute {
  const { epochMs, delayMeansMicros } = request.consensus.consensus;
  const meanMs = (delayClass: number): number => (delayMeansMicros[delayClass] ?? 0) / 1_000;
  const longestMs = Array.from({ length: request.hops }, (_, index) =>
    meanMs(request.classAt(index, request.hops)),
  ).reduce((sum, each) => sum + each, 0);
  const firstEpoch = epochAt(epochMs, request.startMs);
  const lastEpoch = epochAt(epochMs, request.startMs + longestMs);
  const epochs = Array.from(
    { length: lastEpoch - firstEpoch + 1 },
    (_, index) => firstEpoch + index,
  );
  const path = choosePath({ ...request, epochs }, random);
  const classes = path.map((_, index) => request.classAt(index, path.length));
  let arrivalMs = request.startMs;
  const hops = path.map((relay, index): RouteHop => {
    const epoch = Math.min(lastEpoch, epochAt(epochMs, arrivalMs));
    const delayClass = classes[index] as number;
    arrivalMs += meanMs(delayClass);
    return { id: relayId(relay), publicKey: keyOf(relay, epoch).key, epoch, delayClass };
  });
  return {
    hops,
    relays: path.map(({ descriptor }) => descriptor.id),
    classes,
    arrivalMs,
    quantileMs: delayQuantileMs(delayMeansMicros, classes, TIMER_QUANTILE),
    expiresMs: epochStart(epochMs, firstEpoch + 1) + epochMs * OVERLAP_SHARE,
  };
}

function keyOf({ descriptor }: ConsensusRelay, epoch: number): EpochKey {
  return descriptor.mixKeys.find((key) => key.epoch === epoch) as EpochKey;
}

const IDS = new WeakMap<ConsensusRelay, Uint8Array>();

/** The id in bytes, worked out once for each relay of a consensus. */
function relayId(relay: ConsensusRelay): Uint8Array {
  const known = IDS.get(relay);
  if (known !== undefined) return known;
  const id = idBytes(relay.descriptor.id) as Uint8Array;
  IDS.set(relay, id);
  return id;
}
