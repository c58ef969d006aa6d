/** What the parts of one client share. */
import type { RandomFill } from '@fog/crypto';
import type { Clock, Logger } from '@fog/kernel';
import type { VerifiedConsensus } from '../directory/documents.ts';
import { fail } from '../errors.ts';
import type { Directory, MixMetrics } from '../ports.ts';
import { type AwaitedStore, createAwaitedStore } from './awaited.ts';
import { TIMER_SLACK_MS } from './limits.ts';
import type { LossClass } from './mix-client-api.ts';
import { type ActiveLink, Outbox } from './outbox.ts';
import { createPacketMaker, type PacketMaker } from './packet-maker.ts';
import { createRelayHealth, type RelayHealth } from './relay-health.ts';
import { type PlannedRoute, planRoute } from './routes.ts';

export interface ClientCore {
  readonly clock: Clock;
  readonly random: RandomFill;
  readonly logger: Logger;
  readonly metrics: MixMetrics;
  /** This client's mailbox id. */
  readonly mailbox: Uint8Array;
  readonly outbox: Outbox;
  readonly maker: PacketMaker;
  readonly awaited: AwaitedStore;
  readonly health: RelayHealth;
  /** Undefined while there is no consensus. */
  epochMs(): number | undefined;
  /** Throws MIXNET_NO_CONSENSUS. */
  consensus(): VerifiedConsensus;
  /** A route from one relay to another at this moment, or from `startMs`. Throws what `choosePath` throws. */
  plan(request: PlanRequest): PlannedRoute;
}

export interface PlanRequest {
  readonly purpose: string;
  readonly hops: number;
  readonly entry: string;
  readonly exit: string;
  readonly startMs?: number;
  readonly classAt: (index: number, hops: number) => number;
}

export interface ClientCoreDeps {
  readonly clock: Clock;
  readonly random: RandomFill;
  readonly logger: Logger;
  readonly metrics: MixMetrics;
  readonly directory: Directory;
}

export function createClientCore(
  mailbox: Uint8Array,
  deps: ClientCoreDeps,
  activeLink: () => ActiveLink | undefined,
): ClientCore {
  const { clock, random, directory } = deps;
  const health = createRelayHealth(clock);
  const consensus = (): VerifiedConsensus => {
    const current = directory.current();
    if (current === undefined) throw fail('MIXNET_NO_CONSENSUS');
    return current;
  };
  return {
    ...deps,
    mailbox,
    outbox: new Outbox(clock, activeLink),
    maker: createPacketMaker(random),
    awaited: createAwaitedStore(),
    health,
    epochMs: () => directory.current()?.consensus.epochMs,
    consensus,
    plan: (request) =>
      planRoute(
        {
          startMs: clock.now(),
          ...request,
          consensus: consensus(),
          avoid: health.avoided(),
        },
        random,
      ),
  };
}

/** Until then nearly all answers to packets on these routes are back. */
export function timerMs(routes: readonly PlannedRoute[]): number {
  return routes.reduce((sum, { quantileMs }) => sum + quantileMs, TIMER_SLACK_MS);
}

/** What became of a packet that did not come back. */
export function lossOf({ clock }: ClientCore, { expiresMs }: PlannedRoute): LossClass {
  return clock.now() > expiresMs ? 'expired' : 'lost';
}
