/**
 * A relay's client side: mailboxes of authenticated clients, services, and the packets clients send.
 * It sees when its clients are online and how many items they get; their senders it does not.
 */
import type { RandomFill } from '@fog/crypto';
import { type Clock, type Logger, TokenBucket } from '@fog/kernel';
import { PACKET_BYTES } from '@fog/sphinx';
import { idBytes } from '../ids.ts';
import { CLIENT_FRAME } from '../link/client-frames.ts';
import type { FrameHandlers, OnClient } from '../link/link-ports.ts';
import type { MixMetrics } from '../ports.ts';
import type { RelayGateway, RelayInside } from '../relay/relay-ports.ts';
import { decodePace, decodeTaken } from './frame-bodies.ts';
import {
  DEFAULT_GATEWAY_LIMITS,
  type GatewayLimits,
  MAX_PACE_PER_SECOND,
  SWEEP_MS,
} from './limits.ts';
import { type Box, createMailboxStore, type MailboxStore } from './mailbox-store.ts';
import { createMailSession, type MailSession } from './mail-session.ts';
import { createServices, type MixServices } from './services.ts';

export interface GatewayOptions {
  readonly limits?: Partial<GatewayLimits>;
}

export interface GatewayDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: MixMetrics;
  readonly random: RandomFill;
}

export interface GatewayStats {
  readonly clients: number;
  readonly mailboxes: number;
  readonly items: number;
  readonly heldBytes: number;
}

/** Plugged into a relay, whose links call `onClient`. */
export interface Gateway extends RelayGateway {
  readonly services: MixServices;
  readonly onClient: OnClient;
  stats(): GatewayStats;
  /** Ends the sessions and timers. Mailboxes live in memory and end with the process. */
  stop(): void;
}

export function createGateway({ limits }: GatewayOptions, deps: GatewayDeps): Gateway {
  const bounds = { ...DEFAULT_GATEWAY_LIMITS, ...limits };
  const services = createServices(deps);
  const store = createMailboxStore(bounds, deps);
  const stopSweeping = deps.clock.every(SWEEP_MS, () => store.sweep());
  let relay: RelayInside | undefined;

  const put = (id: Uint8Array, payload: Uint8Array, surbId?: Uint8Array): void => {
    const result = store.put(id, payload, surbId);
    deps.metrics.count('fog_mixnet_gateway_items_total', { result });
  };
  const inject = (packet: Uint8Array): boolean => relay?.inject(packet) ?? false;
  return {
    services,
    attach: (inside) => {
      relay = inside;
      services.attach(inside);
    },
    deliver: (id, payload) => {
      if (!services.deliver(id, payload)) put(id, payload);
    },
    reply: (mailbox, surbId, payload) => put(mailbox, payload, surbId),
    onClient: (link) => {
      const id = idBytes(link.peer);
      const box = id && store.open(id);
      if (box === undefined) {
        deps.metrics.count('fog_mixnet_gateway_refused_total');
        deps.logger.warn('no room for another mailbox', { mailboxes: store.boxes.size });
        link.close('local');
        return { onFrame: () => {}, onEnd: () => {} };
      }
      // The newer session is the living one: a client that lost its connection must not wait for a timeout.
      box.session?.end('replaced');
      const session = createMailSession(box.mail, link, deps);
      box.session = session;
      session.push();
      return sessionHandlers(session, { box, store, bounds, inject, ...deps });
    },
    stats: () => statsOf(store),
    stop: () => {
      stopSweeping();
      for (const { session } of store.boxes.values()) session?.end('local');
    },
  };
}

interface SessionContext {
  readonly box: Box;
  readonly store: MailboxStore;
  readonly bounds: GatewayLimits;
  readonly inject: (packet: Uint8Array) => boolean;
  readonly clock: Clock;
  readonly metrics: MixMetrics;
}

/** Everything a client sends is checked here; what is malformed is counted or ignored. */
function sessionHandlers(session: MailSession, context: SessionContext): FrameHandlers {
  const { box, store, bounds, clock, metrics } = context;
  const rates = { rate: bounds.clientRate, burst: bounds.clientBurst };
  const bucket = new TokenBucket(rates, clock.monotonicMs());
  const packet = (body: Uint8Array): string => {
    if (body.length !== PACKET_BYTES) return 'malformed';
    if (bucket.take(1, clock.monotonicMs()) === 0) return 'rate';
    return context.inject(body) ? 'ok' : 'queue-full';
  };
  const confirm = (sequence: number | undefined): void => {
    if (sequence === undefined) return;
    store.confirm(box, sequence);
    session.push();
  };
  const pace = (milli: number | undefined): void => {
    if (milli !== undefined) session.pace(Math.min(milli / 1_000, MAX_PACE_PER_SECOND));
  };
  return {
    onFrame: (kind, body) => {
      if (box.session !== session) return;
      if (kind === CLIENT_FRAME.packet) {
        metrics.count('fog_mixnet_gateway_packets_total', { result: packet(body) });
      } else if (kind === CLIENT_FRAME.taken) confirm(decodeTaken(body));
      else if (kind === CLIENT_FRAME.pace) pace(decodePace(body));
    },
    onEnd: () => {
      session.end('peer');
      if (box.session !== session) return;
      box.session = undefined;
      box.absentMs = clock.monotonicMs();
    },
  };
}

function statsOf({ boxes, heldBytes }: MailboxStore): GatewayStats {
  const all = [...boxes.values()];
  return {
    clients: all.filter(({ session }) => session !== undefined).length,
    mailboxes: all.length,
    items: all.reduce((sum, { mail }) => sum + mail.size, 0),
    heldBytes,
  };
}
